import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { leftOutResults, leftOutRuns, type SnapshotFile, snapshotFiles, type UntrackedList } from './snapshotFiles.ts';

/** What is kept of files that git does not track: code and configuration are small, data and results are not what a launch depends on being copied. */
export interface UntrackedLimits {
  readonly files: number;
  readonly bytesPerFile: number;
  readonly bytes: number;
}

export const untrackedLimits: UntrackedLimits = { files: 400, bytesPerFile: 1_000_000, bytes: 8_000_000 };

const parallelReads = 16;
/** Places where tools put results, and what never is a source. */
const resultFolders: ReadonlySet<string> = new Set([
  'runs',
  'logs',
  'outputs',
  'multirun',
  'wandb',
  'mlruns',
  'lightning_logs',
  'checkpoints',
  'node_modules',
  '__pycache__',
  '.venv',
  'venv',
  '.trainyard',
  '.git',
]);
const resultFiles = /^events\.out\.tfevents|\.(pt|pth|ckpt|safetensors|onnx|npz|npy|h5|hdf5|parquet|arrow|pyc)$/i;

interface Kept {
  readonly files: SnapshotFile[];
  readonly leftOut: { path: string; reason: string }[];
  bytes: number;
}

/**
 * Copies of the untracked files, for the snapshot of a launch. `untracked` is as git lists it: relative to `top`, folders with a slash at the end.
 * What is too large, too much or a result is named with its reason instead. Links are not followed.
 */
export async function keepUntracked(
  top: string,
  untracked: readonly string[],
  skip: readonly string[] = [],
  limits: UntrackedLimits = untrackedLimits,
): Promise<readonly SnapshotFile[]> {
  const kept: Kept = { files: [], leftOut: [], bytes: 0 };
  const skipped = new Set(skip.map((folder) => path.resolve(folder)));
  const paths = await expand(top, untracked, skipped, kept, limits);
  for (let from = 0; from < paths.length; from += parallelReads) {
    const batch = paths.slice(from, from + parallelReads);
    const read = await Promise.all(batch.map((relative) => readOne(path.join(top, relative), limits)));
    for (const [index, file] of read.entries()) take(kept, batch[index]!, file, limits);
  }
  if (kept.files.length === 0 && kept.leftOut.length === 0) return [];
  const names = kept.files.map((file) => file.path.slice(snapshotFiles.untracked.length + 1));
  const list: UntrackedList = { kept: names, leftOut: kept.leftOut };
  return [...kept.files, { path: snapshotFiles.untrackedList, content: `${JSON.stringify(list, undefined, 2)}\n` }];
}

type ReadFile = { readonly content: Uint8Array; readonly mode: number } | { readonly reason: string };

function take(kept: Kept, relative: string, file: ReadFile, limits: UntrackedLimits): void {
  if ('reason' in file) kept.leftOut.push({ path: relative, reason: file.reason });
  else if (kept.bytes + file.content.length > limits.bytes)
    kept.leftOut.push({ path: relative, reason: `all together would be more than ${limits.bytes} bytes` });
  else {
    kept.bytes += file.content.length;
    kept.files.push({ path: `${snapshotFiles.untracked}/${relative}`, content: file.content, mode: file.mode });
  }
}

/** The files of the list, with those in its folders; bounded, in order. */
async function expand(
  top: string,
  untracked: readonly string[],
  skipped: ReadonlySet<string>,
  kept: Kept,
  limits: UntrackedLimits,
): Promise<readonly string[]> {
  const files: string[] = [];
  const pending = [...untracked].sort().reverse();
  while (pending.length > 0) {
    const relative = pending.pop()!;
    const isFolder = relative.endsWith('/');
    const plain = isFolder ? relative.slice(0, -1) : relative;
    const reason = whyNot(path.join(top, plain), isFolder, skipped);
    if (reason !== undefined) kept.leftOut.push({ path: relative, reason });
    else if (files.length >= limits.files) {
      kept.leftOut.push({ path: relative, reason: `more than ${limits.files} files` });
      // What remains is not even named one by one: it may be a data set of millions.
      if (pending.length > 0) kept.leftOut.push({ path: '…', reason: 'further files and folders were not looked at' });
      break;
    } else if (isFolder) pending.push(...(await listFolder(top, plain)).reverse());
    else files.push(plain);
  }
  return files;
}

function whyNot(file: string, isFolder: boolean, skipped: ReadonlySet<string>): string | undefined {
  const name = path.basename(file);
  if (skipped.has(file)) return leftOutRuns;
  if (isFolder) return resultFolders.has(name) ? leftOutResults : undefined;
  if (secretFile.test(name)) return 'it may hold secrets by its name';
  return resultFiles.test(name) ? leftOutResults : undefined;
}

/** Files in which people keep keys and passwords. */
const secretFile =
  /^\.env(\..*)?$|^\.netrc$|^id_[a-z0-9]+$|\.(pem|key|p12|pfx)$|(secret|credential|token|password)s?(\.\w+)?$/i;

async function listFolder(top: string, relative: string): Promise<string[]> {
  const entries = await readdir(path.join(top, relative), { withFileTypes: true }).catch(() => []);
  // A repository within the repository is somebody else's code.
  if (entries.some(({ name }) => name === '.git' || name === 'pyvenv.cfg')) return [];
  const names = entries
    .filter((entry) => entry.isFile() || entry.isDirectory())
    .map((entry) => `${relative}/${entry.name}${entry.isDirectory() ? '/' : ''}`);
  return names.sort();
}

async function readOne(file: string, limits: UntrackedLimits): Promise<ReadFile> {
  try {
    const facts = await stat(file);
    if (!facts.isFile()) return { reason: 'no regular file' };
    if (facts.size > limits.bytesPerFile) return { reason: `larger than ${limits.bytesPerFile} bytes` };
    return { content: await readFile(file), mode: facts.mode & 0o100 ? 0o700 : 0o600 };
  } catch (error) {
    return { reason: `cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})` };
  }
}
