import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Checkpoint } from '../../domain/checkpoint.ts';
import type { FoundRun } from '../../domain/records.ts';
import { runFiles } from '../../domain/runDirectory.ts';
import { type CheckpointName, readCheckpointName } from './names.ts';

/** A run whose checkpoints are wanted, with what is known of it. */
export interface CheckpointOwner {
  readonly run: FoundRun;
  readonly name: string;
  readonly architecture?: string;
}

/** Folders in which projects keep checkpoints by architecture: `<folder>/<architecture>/{last.pt,archive/…}`. */
const architectureFolders: readonly string[] = ['outputs/ckpts', 'ckpts', 'checkpoints'];

/** The checkpoints of one run of our trainer, in the order of their steps. Nothing is opened. */
export async function listRunCheckpoints({ run, name, architecture }: CheckpointOwner): Promise<readonly Checkpoint[]> {
  const found = await listFolder(path.join(run.path, runFiles.checkpoints));
  const about = { runName: name, architecture: architecture ?? '', resumable: run.source === 'trainyard' };
  return sorted(found.map((file) => toCheckpoint(file, about)));
}

/** The checkpoints in folders that a run of another tool's program wrote to: those in folders with a usual name, a few levels down, and beside them. Nothing is opened. */
export async function listLinkedCheckpoints(
  folders: readonly string[],
  about: { readonly name: string; readonly architecture?: string; readonly resumable: boolean },
): Promise<readonly Checkpoint[]> {
  const places = (await Promise.all(folders.map((folder) => checkpointFolders(folder, linkedDepth)))).flat();
  const found = (await Promise.all(places.map(listFolder))).flat();
  const { name, architecture = '', resumable } = about;
  return sorted(
    found.map((file) => ({ ...toCheckpoint(file, { runName: name, architecture, resumable: false }), resumable })),
  );
}

const linkedDepth = 5;
const maxLinkedFolders = 500;

/** A folder and those below it, down to some depth: PyTorch Lightning writes `checkpoints/`, `lightning_logs/version_0/checkpoints/`. */
async function checkpointFolders(folder: string, depth: number): Promise<readonly string[]> {
  const all = [folder];
  let level = [folder];
  for (let left = depth; left > 0 && level.length > 0 && all.length < maxLinkedFolders; left--) {
    const below = await Promise.all(
      level.map(async (parent) =>
        (await subfolders(parent)).filter((name) => !name.startsWith('.')).map((name) => path.join(parent, name)),
      ),
    );
    level = below.flat();
    all.push(...level);
  }
  return all.slice(0, maxLinkedFolders);
}

/** The checkpoints below a workspace folder that are kept by architecture, as `outputs/ckpts/<arch>/{last.pt,archive/…}`. Nothing is opened. */
export async function listArchitectureCheckpoints(root: string): Promise<readonly Checkpoint[]> {
  const perFolder = await Promise.all(architectureFolders.map((folder) => listArchitectures(path.join(root, folder))));
  return sorted(perFolder.flat());
}

async function listArchitectures(folder: string): Promise<readonly Checkpoint[]> {
  const architectures = await subfolders(folder);
  const perArchitecture = await Promise.all(
    architectures.map(async (architecture) => {
      const live = await listFolder(path.join(folder, architecture));
      const archived = await listFolder(path.join(folder, architecture, 'archive'));
      return [...live, ...archived].map((file) => toCheckpoint(file, { architecture, resumable: false }));
    }),
  );
  return perArchitecture.flat();
}

interface CheckpointFile {
  readonly path: string;
  readonly name: CheckpointName;
  readonly sizeBytes: number;
  readonly modifiedAt: number;
}

/** The checkpoints that lie directly in a folder; none where there is no such folder. */
async function listFolder(folder: string): Promise<readonly CheckpointFile[]> {
  const names = await readdir(folder).catch(() => []);
  const files = await Promise.all(names.map((name) => describeFile(path.join(folder, name))));
  return files.filter((file) => file !== undefined);
}

async function describeFile(file: string): Promise<CheckpointFile | undefined> {
  const name = readCheckpointName(path.basename(file));
  if (name === undefined) return undefined;
  const facts = await stat(file).catch(() => undefined);
  if (facts?.isFile() !== true) return undefined;
  return { path: file, name, sizeBytes: facts.size, modifiedAt: facts.mtimeMs / 1000 };
}

async function subfolders(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink()).map((entry) => entry.name);
}

function toCheckpoint(
  { path: file, name, sizeBytes, modifiedAt }: CheckpointFile,
  about: { readonly runName?: string; readonly architecture: string; readonly resumable: boolean },
): Checkpoint {
  const runName = about.runName ?? name.runName;
  return {
    path: file,
    fileName: path.basename(file),
    architecture: about.architecture,
    format: name.format,
    sizeBytes,
    modifiedAt,
    isLast: name.isLast,
    resumable: about.resumable && name.format === 'safetensors',
    ...(runName === undefined ? {} : { runName }),
    ...(name.step === undefined ? {} : { step: name.step }),
    ...(name.epoch === undefined ? {} : { epoch: name.epoch }),
  };
}

/** By step, then epoch; those without either, which are the live ones, at the end. */
function sorted(checkpoints: readonly Checkpoint[]): readonly Checkpoint[] {
  const order = ({ step, epoch }: Checkpoint): number => step ?? epoch ?? Number.POSITIVE_INFINITY;
  return [...checkpoints].sort((a, b) => {
    const [first, second] = [order(a), order(b)];
    return first === second ? (a.path < b.path ? -1 : 1) : first - second;
  });
}
