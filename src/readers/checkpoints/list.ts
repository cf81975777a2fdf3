import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Checkpoint } from '../../domain/checkpoint.ts';
import type { FoundRun } from '../../domain/records.ts';
import { runFiles } from '../../domain/runDirectory.ts';
import { isModelFolder, weightsName } from './huggingFace.ts';
import { type CheckpointName, isCheckpointFolder, readCheckpointFolderName, readCheckpointName } from './names.ts';

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
    unique(found).map((file) => ({
      ...toCheckpoint(file, { runName: name, architecture, resumable: false }),
      resumable,
    })),
  );
}

/** Folders within a run's own folder in which programs keep checkpoints; other folders may be other runs. */
const usualFolder = /^(?:checkpoints?|ckpts?|weights|(?:saved_)?models?|snapshots?|files|artifacts)$/i;

/**
 * The checkpoints of a run of another tool: those in its folders, in folders within them that have a usual name (Lightning's `checkpoints`, W&B's `files`, MLflow's `artifacts`), and folders that are checkpoints
 * themselves (`checkpoint-500`). Nothing is opened.
 */
export async function listForeignCheckpoints(
  folders: readonly string[],
  about: { readonly name: string; readonly architecture?: string },
): Promise<readonly Checkpoint[]> {
  const places = await Promise.all(folders.map(ownFolders));
  const found = (await Promise.all([...new Set(places.flat())].map(listFolder))).flat();
  const { name, architecture = '' } = about;
  return sorted(unique(found).map((file) => toCheckpoint(file, { runName: name, architecture, resumable: false })));
}

/** A run's folder, and those within it that are not other runs. */
async function ownFolders(folder: string): Promise<readonly string[]> {
  const usual = (await subfolders(folder)).filter((name) => usualFolder.test(name));
  const below = await Promise.all(usual.map((name) => checkpointFolders(path.join(folder, name), usualDepth)));
  return [folder, ...below.flat()];
}

const usualDepth = 3;
const linkedDepth = 5;
const maxLinkedFolders = 500;

/** A folder and those below it, down to some depth: PyTorch Lightning writes `checkpoints/`, `lightning_logs/version_0/checkpoints/`. Folders that are checkpoints are not entered. */
async function checkpointFolders(folder: string, depth: number): Promise<readonly string[]> {
  const all = [folder];
  let level = [folder];
  for (let left = depth; left > 0 && level.length > 0 && all.length < maxLinkedFolders; left--) {
    const below = await Promise.all(
      level.map(async (parent) =>
        (await subfolders(parent))
          .filter((name) => !name.startsWith('.') && !isCheckpointFolder(name))
          .map((name) => path.join(parent, name)),
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

/** The checkpoints that lie directly in a folder, files and folders; none where there is no such folder. */
async function listFolder(folder: string): Promise<readonly CheckpointFile[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const names = entries.map(({ name }) => name);
  if (isModelFolder(names)) {
    const model = await describeModelFolder(folder, names);
    return model === undefined ? [] : [model];
  }
  const found = await Promise.all(
    entries.map((entry) =>
      entry.isDirectory() && isCheckpointFolder(entry.name)
        ? listFolder(path.join(folder, entry.name))
        : describeFile(folder, entry.name),
    ),
  );
  return found.flat().filter((file) => file !== undefined);
}

async function describeFile(folder: string, fileName: string): Promise<CheckpointFile | undefined> {
  const name = readCheckpointName(fileName, path.basename(folder));
  if (name === undefined) return undefined;
  const file = path.join(folder, fileName);
  const facts = await stat(file).catch(() => undefined);
  if (facts?.isFile() !== true) return undefined;
  return { path: file, name, sizeBytes: facts.size, modifiedAt: facts.mtimeMs / 1000 };
}

/** A folder that is one checkpoint, with the size of its weights. */
async function describeModelFolder(folder: string, names: readonly string[]): Promise<CheckpointFile | undefined> {
  const weights = names.filter((name) => weightsName.test(name));
  const facts = await Promise.all(weights.map((name) => stat(path.join(folder, name)).catch(() => undefined)));
  const present = facts.filter((file) => file !== undefined);
  if (present.length === 0) return undefined;
  const format = weights.some((name) => name.endsWith('.safetensors')) ? 'safetensors' : 'torch';
  return {
    path: folder,
    name: { format, ...readCheckpointFolderName(path.basename(folder)) },
    sizeBytes: present.reduce((sum, { size }) => sum + size, 0),
    modifiedAt: Math.max(...present.map(({ mtimeMs }) => mtimeMs)) / 1000,
  };
}

/** Two ways may lead to one file. */
function unique(files: readonly CheckpointFile[]): readonly CheckpointFile[] {
  return [...new Map(files.map((file) => [file.path, file])).values()];
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
    ...(name.metric === undefined ? {} : { metric: name.metric }),
    ...(name.isBest ? { isNamedBest: true as const } : {}),
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
