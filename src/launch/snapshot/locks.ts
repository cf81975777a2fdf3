import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { type SnapshotFile, snapshotFiles } from './snapshotFiles.ts';

/** Files in which Python tools write down what is installed, or should be. */
const lockNames = [
  'uv.lock',
  'poetry.lock',
  'pixi.lock',
  'pdm.lock',
  'Pipfile.lock',
  'conda-lock.yml',
  'environment.yml',
  'environment.yaml',
  'requirements.txt',
  'requirements.lock',
  'pyproject.toml',
] as const;
const maxLockBytes = 4_000_000;

/** Copies of the lock files in a folder. Small, and read before the job starts, since they may change while it waits. */
export async function keepLocks(folder: string): Promise<readonly SnapshotFile[]> {
  const files = await Promise.all(
    lockNames.map(async (name): Promise<readonly SnapshotFile[]> => {
      const file = path.join(folder, name);
      const facts = await stat(file).catch(() => undefined);
      if (facts?.isFile() !== true || facts.size > maxLockBytes) return [];
      const content = await readFile(file).catch(() => undefined);
      return content === undefined ? [] : [{ path: `${snapshotFiles.locks}/${name}`, content }];
    }),
  );
  return files.flat();
}
