import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MediaRecord } from '../../domain/records.ts';
import { trackerMimes } from '../media/mimes.ts';

/** Media by path below the folder of artifacts. */
const imageMimes: { readonly [ending: string]: string } = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.svg': 'image/svg+xml',
};

/** Models and data sets have many files; pictures are near the top. */
const mostFiles = 2000;
const deepest = 4;
/** Folders of models, whose pictures (if any) are none of the run's. */
const modelFolders = /^(model|models|checkpoints?)$/;

/** `images/KEY%step%5%timestamp%1700000000000%UUID.png` of `mlflow.log_image(key=…)`, with `+` in the place of `%` in newer versions, and `#` for `/` in the key. */
const loggedImage = /^(.*)([%+~])step\2(-?\d+)\2timestamp\2(\d+)\2/;
const compressedCopy = /[%+~]compressed\.webp$/;

/** The files below a folder of artifacts that people look at, each with its time of writing. */
export interface ArtifactFile {
  /** Relative to the folder of artifacts, with `/`. */
  readonly file: string;
  readonly modifiedAt: number;
}

/** Pictures, and the tables that the tag `mlflow.loggedArtifacts` names. */
export async function listArtifacts(folder: string, tables: ReadonlySet<string>): Promise<readonly ArtifactFile[]> {
  const found: ArtifactFile[] = [];
  let left = mostFiles;
  const walk = async (relative: string, depth: number): Promise<void> => {
    const entries = await readdir(path.join(folder, relative), { withFileTypes: true }).catch(() => []);
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (left-- <= 0) return;
      const file = relative === '' ? entry.name : `${relative}/${entry.name}`;
      if (entry.isDirectory() && depth < deepest && !modelFolders.test(entry.name)) await walk(file, depth + 1);
      if (!entry.isFile() || !isShown(file, tables)) continue;
      const facts = await stat(path.join(folder, file)).catch(() => undefined);
      if (facts !== undefined) found.push({ file, modifiedAt: facts.mtimeMs / 1000 });
    }
  };
  await walk('', 0);
  return found;
}

/** The record of a file; `prefix` leads from the run's folder to that of the artifacts. */
export function artifactMedia({ file, modifiedAt }: ArtifactFile, prefix: string): MediaRecord {
  const ending = path.posix.extname(file).toLowerCase();
  const logged = loggedImage.exec(path.posix.basename(file));
  const tag = logged === null ? file : logged[1]!.replaceAll('#', '/');
  const mime = imageMimes[ending];
  return {
    tag,
    kind: mime === undefined ? 'table' : 'image',
    step: logged === null ? 0 : Number(logged[3]),
    wallTime: logged === null ? modifiedAt : Number(logged[4]) / 1000,
    index: 0,
    mime: mime ?? trackerMimes.splitTable,
    place: { at: 'file', file: `${prefix}/${file}` },
  };
}

/** The tables of `mlflow.log_table`, as the tag lists them: `[{"path": "eval.json", "type": "table"}]`. */
export function loggedTables(tag: string | undefined): ReadonlySet<string> {
  try {
    const list: unknown = JSON.parse(tag ?? '[]');
    if (!Array.isArray(list)) return new Set();
    return new Set(
      list.flatMap((item: { path?: unknown; type?: unknown } | null) =>
        item?.type === 'table' && typeof item.path === 'string' ? [item.path] : [],
      ),
    );
  } catch {
    return new Set();
  }
}

function isShown(file: string, tables: ReadonlySet<string>): boolean {
  const ending = path.posix.extname(file).toLowerCase();
  return (Object.hasOwn(imageMimes, ending) && !compressedCopy.test(file)) || (tables.has(file) && ending === '.json');
}

/**
 * The folder of a run's artifacts on this machine: the one that the store names, or, where it was written elsewhere, the same end of the path
 * (`mlruns/1/RUN/artifacts`) beside the store. Undefined where there is none.
 */
export async function findArtifacts(
  uri: string | undefined,
  beside: string,
  run: string,
  experiment: string,
): Promise<string | undefined> {
  const named = localPath(uri, beside);
  const tail = path.join(experiment, run, 'artifacts');
  const guesses = [named, ...['mlruns', 'mlartifacts', '.'].map((folder) => path.join(beside, folder, tail))];
  for (const guess of guesses) {
    // A folder that holds the store itself, such as the root of the disk, is no run's: a damaged or made-up address leads there.
    if (guess !== undefined && !isInside(beside, guess) && (await isFolder(guess))) return guess;
  }
  return undefined;
}

/** Whether a folder is another one or lies in it. */
function isInside(folder: string, outer: string): boolean {
  const way = path.relative(outer, folder);
  return way === '' || (way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way));
}

function localPath(uri: string | undefined, beside: string): string | undefined {
  if (uri === undefined || uri === '') return undefined;
  if (!/^[a-z][a-z0-9+.-]+:/i.test(uri)) return path.resolve(beside, uri);
  if (!uri.startsWith('file:')) return undefined;
  try {
    return fileURLToPath(uri);
  } catch {
    return undefined;
  }
}

async function isFolder(folder: string): Promise<boolean> {
  return (await stat(folder).catch(() => undefined))?.isDirectory() === true;
}
