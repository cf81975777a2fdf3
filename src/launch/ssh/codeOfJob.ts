import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { snapshotFiles } from '../snapshot/snapshotFiles.ts';
import { type CodeState, codeRoot, committedCode, hashFile, workingCode } from './codeState.ts';
import type { SshJob } from './sshJob.ts';

/** The code of a launch: where it lies here, what it is called over there, and its files when they are needed. */
export interface JobCode {
  readonly root: string;
  /** Absent where the code is over there already. */
  readonly hash?: string;
  open(): Promise<CodeState>;
  close(): Promise<void>;
}

const maxKnown = 200;
/** What commit, patch and untracked files were found to be, so that the runs of a sweep check their code out once. */
const knownHashes = new Map<string, string>();

/** The code as the target's settings want it sent: by commit and patch where the launch has a commit, else the working tree as it is. */
export async function codeOfJob({ record, settings }: SshJob, directory: string): Promise<JobCode> {
  const root = await codeRoot(record);
  if (settings.code === 'none') return { root, open: noCode, close: async () => {} };
  const isCommitted = settings.code !== 'tar' && record.commit !== undefined;
  if (!isCommitted) return opened(await workingCode(record, directory));
  const key = await keyOf(root, record.commit!, record.patchFile, directory);
  const hash = knownHashes.get(key);
  if (hash !== undefined) return lazy(root, hash, () => committedCode(record, directory));
  const state = await committedCode(record, directory);
  if (knownHashes.size >= maxKnown) knownHashes.clear();
  knownHashes.set(key, state.hash);
  return opened(state);
}

function opened(state: CodeState): JobCode {
  return { root: state.root, hash: state.hash, open: async () => state, close: () => state.close() };
}

function lazy(root: string, hash: string, make: () => Promise<CodeState>): JobCode {
  let state: CodeState | undefined;
  return {
    root,
    hash,
    open: async () => {
      state ??= await make();
      return state;
    },
    close: async () => state?.close(),
  };
}

function noCode(): Promise<CodeState> {
  return Promise.reject(new Error('The code is over there already.'));
}

async function keyOf(root: string, commit: string, patchFile: string | undefined, directory: string): Promise<string> {
  const parts = [root, commit];
  if (patchFile !== undefined) parts.push(await hashFile(path.join(directory, patchFile)));
  const untracked = path.join(directory, snapshotFiles.untracked);
  const names = await readdir(untracked, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of names.filter((each) => each.isFile())) {
    const file = path.join(entry.parentPath, entry.name);
    parts.push(
      file.slice(untracked.length),
      createHash('sha256')
        .update(await readFile(file))
        .digest('hex'),
    );
  }
  return JSON.stringify(parts);
}
