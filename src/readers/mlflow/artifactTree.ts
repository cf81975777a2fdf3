import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { type ArtifactFile, mostArtifactFiles, mostArtifacts, type RunArtifact } from '../../domain/artifact.ts';

/** So many entries are looked at for one run, whatever folder its address names; the counts stop there. */
const mostLooked = 2_000;
const deepest = 16;

/** What lies at the top of a run's folder of artifacts: files, and folders with what is in them. Links are left alone. */
export async function describeArtifacts(folder: string): Promise<readonly RunArtifact[]> {
  const walk = new Walk();
  const artifacts: RunArtifact[] = [];
  for (const { name, isFolder } of await walk.entries(folder)) {
    if (artifacts.length >= mostArtifacts) break;
    const place = path.join(folder, name);
    artifacts.push(isFolder ? await describeFolder(place, walk) : await describeFile(place));
  }
  return artifacts;
}

async function describeFile(place: string): Promise<RunArtifact> {
  const sizeBytes = await sizeOf(place);
  const name = path.basename(place);
  return { name, use: 'made', path: place, fileCount: 1, sizeBytes, files: [{ path: name, sizeBytes }] };
}

async function describeFolder(place: string, walk: Walk): Promise<RunArtifact> {
  const files: ArtifactFile[] = [];
  const sum = { fileCount: 0, sizeBytes: 0 };
  const visit = async (relative: string, depth: number): Promise<void> => {
    for (const { name, isFolder } of await walk.entries(path.join(place, relative))) {
      const file = relative === '' ? name : `${relative}/${name}`;
      if (isFolder && depth < deepest) await visit(file, depth + 1);
      if (isFolder) continue;
      const sizeBytes = await sizeOf(path.join(place, file));
      sum.fileCount++;
      sum.sizeBytes += sizeBytes;
      if (files.length < mostArtifactFiles) files.push({ path: file, sizeBytes });
    }
  };
  await visit('', 0);
  // MLflow writes a file of this name beside every model that it logs (mlflow/models/model.py).
  const type = files.some((file) => file.path === 'MLmodel') ? { type: 'model' } : {};
  return { name: path.basename(place), use: 'made', ...type, path: place, ...sum, files };
}

/** Files and folders by their names, until so many of them were looked at. */
class Walk {
  #left = mostLooked;

  async entries(folder: string): Promise<readonly { readonly name: string; readonly isFolder: boolean }[]> {
    if (this.#left <= 0) return [];
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    const known = entries
      .filter((entry) => entry.isFile() || entry.isDirectory())
      .map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .slice(0, this.#left);
    this.#left -= known.length;
    return known;
  }
}

function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}
