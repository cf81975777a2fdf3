import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Json, JsonObject } from '../../domain/json.ts';
import { parsePythonJson } from '../../domain/pythonJson.ts';
import type { ReaderProblem } from '../../domain/records.ts';
import { plainValue } from '../../domain/registryFile.ts';
import { readSmallText } from '../files/jsonFile.ts';

/** A file in which an experiment put its results. */
export interface ResultFile {
  readonly path: string;
  readonly tree: JsonObject;
  readonly modifiedAt: number;
}

export interface Results {
  readonly files: readonly ResultFile[];
  readonly problems: readonly ReaderProblem[];
}

export interface ResultPlaces {
  readonly registry: string;
  /** Nothing above this folder is read. */
  readonly root: string;
  readonly named: string | undefined;
  /** Folder of the attempt, looked into where the registry names no file. */
  readonly folder: string | undefined;
}

const mostFiles = 8;
const resultNames = /^(?:.*[_-])?(?:results?|metrics|summary)\.json$/i;

/** Remembers the results of an experiment and reads again only what changed. */
export class ResultReader {
  readonly #known = new Map<string, { readonly look: string; readonly file: ResultFile | undefined }>();

  /** The result files that are there and whole. Half a file is one that is being written. */
  async read(places: ResultPlaces): Promise<Results> {
    const candidates =
      places.named === undefined ? await resultsIn(places.folder) : await findNamed(places.named, places);
    const files: ResultFile[] = [];
    const problems: ReaderProblem[] = [];
    for (const file of candidates.slice(0, mostFiles)) {
      const read = await this.#readOne(file, problems);
      if (read !== undefined) files.push(read);
    }
    return { files, problems };
  }

  async #readOne(file: string, problems: ReaderProblem[]): Promise<ResultFile | undefined> {
    const facts = await stat(file, { bigint: true }).catch(() => undefined);
    if (facts === undefined || !facts.isFile()) return undefined;
    const look = `${facts.ino}:${facts.size}:${facts.mtimeNs}`;
    const known = this.#known.get(file);
    if (known?.look === look) return known.file;
    const text = await readSmallText(file);
    if (!text.ok) problems.push({ file, message: text.message });
    const tree = text.ok ? objectIn(text.value) : undefined;
    const read = tree === undefined ? known?.file : { path: file, tree, modifiedAt: Number(facts.mtimeNs) / 1e9 };
    this.#known.set(file, { look, file: read });
    return read;
  }
}

function objectIn(text: string): JsonObject | undefined {
  try {
    const value = parse(text);
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

/** Python writes NaN and infinities bare, which only its own reader takes; ours is slower, so it comes second. */
function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return plainValue(parsePythonJson(text));
  }
}

/**
 * Where a file lies that the registry names: relative to the folder that the scripts run in, which is the one above the registry's, or beside the registry. A path of
 * another machine is tried by its last parts. Only files below the root count.
 */
async function findNamed(named: string, { registry, root }: ResultPlaces): Promise<readonly string[]> {
  const folder = path.dirname(registry);
  const parts = named.split(/[/\\]/).filter((part) => part !== '' && part !== '.');
  const bases = [path.dirname(folder), folder, root];
  const tries = path.isAbsolute(named) ? [named] : bases.map((base) => path.resolve(base, ...parts));
  const ends = [4, 3, 2].flatMap((count) =>
    parts.length > count ? bases.map((base) => path.resolve(base, ...parts.slice(-count))) : [],
  );
  for (const file of [...tries, ...ends]) if (await isFileBelow(file, root)) return [file];
  return [];
}

async function isFileBelow(file: string, root: string): Promise<boolean> {
  const [real, base] = await Promise.all([realpath(file).catch(() => undefined), realpath(root).catch(() => root)]);
  if (real === undefined) return false;
  const relative = path.relative(base, real);
  if (relative.startsWith('..') || path.isAbsolute(relative)) return false;
  return stat(real).then(
    (facts) => facts.isFile(),
    () => false,
  );
}

async function resultsIn(folder: string | undefined): Promise<readonly string[]> {
  const names = folder === undefined ? [] : await readdir(folder).catch(() => []);
  return names
    .filter((name) => resultNames.test(name))
    .sort()
    .map((name) => path.join(folder!, name));
}
