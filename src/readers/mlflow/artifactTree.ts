import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { type ArtifactFile, mostArtifactFiles, mostArtifacts, type RunArtifact } from '../../domain/artifact.ts';

/** A model or a data set may have files without end; the counts stop there. */
const mostCounted = 2_000;

/** What lies at the top of a run's folder of artifacts: files, and folders with what is in them. Links are left alone. */
export async function describeArtifacts(folder: string): Promise<readonly RunArtifact[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const artifacts: RunArtifact[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1)).slice(0, mostArtifacts)) {
    const place = path.join(folder, entry.name);
    if (entry.isFile()) artifacts.push(await describeFile(place));
    if (entry.isDirectory()) artifacts.push(await describeFolder(place));
  }
  return artifacts;
}

async function describeFile(place: string): Promise<RunArtifact> {
  const sizeBytes = await sizeOf(place);
  const name = path.basename(place);
  return { name, use: 'made', path: place, fileCount: 1, sizeBytes, files: [{ path: name, sizeBytes }] };
}

async function describeFolder(place: string): Promise<RunArtifact> {
  const files: ArtifactFile[] = [];
  const sum = { fileCount: 0, sizeBytes: 0 };
  const walk = async (relative: string): Promise<void> => {
    const entries = await readdir(path.join(place, relative), { withFileTypes: true }).catch(() => []);
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (sum.fileCount >= mostCounted) return;
      const name = relative === '' ? entry.name : `${relative}/${entry.name}`;
      if (entry.isDirectory()) await walk(name);
      if (!entry.isFile()) continue;
      const sizeBytes = await sizeOf(path.join(place, name));
      sum.fileCount++;
      sum.sizeBytes += sizeBytes;
      if (files.length < mostArtifactFiles) files.push({ path: name, sizeBytes });
    }
  };
  await walk('');
  // MLflow writes a file of this name beside every model that it logs (mlflow/models/model.py).
  const type = files.some((file) => file.path === 'MLmodel') ? { type: 'model' } : {};
  return { name: path.basename(place), use: 'made', ...type, path: place, ...sum, files };
}

function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}
