import { copyFile, mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../../base/errors.ts';
import type { LaunchRecord } from '../../domain/launch.ts';
import { openGit } from '../git.ts';
import { isSource, snapshotFiles, type UntrackedList } from '../snapshot/snapshotFiles.ts';

const checkoutMs = 60_000;

/** A worktree with the code of a run as it was. */
export interface Worktree {
  /** Absolute path of the repository's copy. */
  readonly top: string;
  /** The workspace folder in it: the same place below the repository as the original. */
  readonly folder: string;
  /** Sentences: what could not be restored. */
  readonly remarks: readonly string[];
}

/**
 * Makes a worktree of the repository at the commit of a run in `place`, and puts its uncommitted changes and untracked files into it. The repository
 * learns of the worktree (`git worktree list` shows it), and nothing else in it changes. Throws `conflict` where the run has no commit,
 * `not-found` where the commit is gone.
 */
export async function makeWorktree(
  folder: string,
  record: LaunchRecord,
  runDirectory: string,
  place: string,
): Promise<Worktree> {
  const { commit } = record;
  if (commit === undefined) {
    throw new AppError(
      'conflict',
      `${record.name} was launched outside of a git repository, so its code was not recorded.`,
      {
        hint: 'Launch it again with the code as it is now.',
      },
    );
  }
  const git = openGit(folder, checkoutMs);
  const top = (await git.revparse(['--show-toplevel']).catch(() => '')).trim();
  if (top === '')
    throw new AppError('not-found', `${folder} is no git repository any more.`, {
      hint: 'Clone it again, then try once more.',
    });
  await git.raw(['cat-file', '-e', `${commit}^{commit}`]).catch(() => {
    throw new AppError('not-found', `The commit ${commit} of ${record.name} is not in the repository.`, {
      hint: 'Fetch it ("git fetch --all"), then try once more.',
    });
  });
  await mkdir(path.dirname(place), { recursive: true, mode: 0o700 });
  await addWorktree(top, place, commit);
  const remarks = [...(await applyPatch(place, record, runDirectory)), ...(await copyUntracked(place, runDirectory))];
  return { top: place, folder: path.join(place, path.relative(top, folder)), remarks };
}

/** Removes a worktree with everything in it; one that is not there is no failure. */
export async function removeWorktree(folder: string, place: string): Promise<void> {
  await openGit(folder, checkoutMs)
    .raw(['worktree', 'remove', '--force', place])
    .catch(() => {});
  await rm(place, { recursive: true, force: true });
}

async function addWorktree(top: string, place: string, commit: string): Promise<void> {
  try {
    // No branch is made for it.
    await openGit(top, checkoutMs).raw(['worktree', 'add', '--detach', '--quiet', place, commit]);
  } catch (error) {
    await removeWorktree(top, place);
    throw new AppError('conflict', `git cannot make a worktree at ${place}: ${firstLine(error)}`, {
      hint: 'Look at "git worktree list"; "git worktree prune" forgets those that are gone.',
      cause: error,
    });
  }
}

async function applyPatch(
  place: string,
  { patchFile, dirty }: LaunchRecord,
  runDirectory: string,
): Promise<readonly string[]> {
  if (patchFile === undefined)
    return dirty && !(await hasUntracked(runDirectory))
      ? ['There were uncommitted changes that were too large to keep; the code is that of the commit.']
      : [];
  try {
    await openGit(place, checkoutMs).raw([
      'apply',
      '--binary',
      '--whitespace=nowarn',
      path.join(runDirectory, patchFile),
    ]);
    return [];
  } catch (error) {
    return [`The uncommitted changes (${patchFile}) could not be applied: ${firstLine(error)}`];
  }
}

async function copyUntracked(place: string, runDirectory: string): Promise<readonly string[]> {
  const list = await untrackedList(runDirectory);
  if (list === undefined) return [];
  const remarks: string[] = [];
  for (const name of list.kept) {
    const target = path.resolve(place, name);
    if (path.relative(place, target).startsWith('..')) continue;
    await mkdir(path.dirname(target), { recursive: true });
    await copyFile(path.join(runDirectory, snapshotFiles.untracked, name), target).catch((error: Error) =>
      remarks.push(`${name} could not be restored: ${error.message}`),
    );
  }
  const missing = list.leftOut.filter(isSource);
  if (missing.length > 0) {
    const shown = missing.slice(0, 5).map(({ path: name, reason }) => `${name} (${reason})`);
    const more = missing.length > shown.length ? ` and ${missing.length - shown.length} more` : '';
    remarks.push(`Not kept at the launch, and so not restored: ${shown.join(', ')}${more}.`);
  }
  return remarks;
}

async function hasUntracked(runDirectory: string): Promise<boolean> {
  return (await untrackedList(runDirectory)) !== undefined;
}

async function untrackedList(runDirectory: string): Promise<UntrackedList | undefined> {
  const text = await readFile(path.join(runDirectory, snapshotFiles.untrackedList), 'utf8').catch(() => undefined);
  try {
    return text === undefined ? undefined : (JSON.parse(text) as UntrackedList);
  } catch {
    return undefined;
  }
}

function firstLine(error: unknown): string {
  return (error as Error).message.trim().split('\n')[0]!;
}
