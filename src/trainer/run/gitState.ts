import { execFile } from 'node:child_process';

/** Which code a run was started from; absent outside a repository. */
export interface GitState {
  readonly commit?: string;
  readonly dirty?: boolean;
}

/** Asks git about a folder. No git or no repository is a normal answer. */
export async function gitState(folder: string): Promise<GitState> {
  const commit = await git(folder, ['rev-parse', 'HEAD']);
  if (commit === undefined) return {};
  const status = await git(folder, ['status', '--porcelain', '--untracked-files=no']);
  return { commit: commit.trim(), ...(status === undefined ? {} : { dirty: status.trim() !== '' }) };
}

function git(folder: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile('git', ['-C', folder, ...args], { timeout: 5000, maxBuffer: 16_000_000 }, (error, stdout) => {
      resolve(error === null ? stdout : undefined);
    });
  });
}
