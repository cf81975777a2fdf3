import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import type { PathContent } from '../../domain/config.ts';
import type { DataPlace } from '../../domain/dataPlace.ts';

/** A form waits for this search, so it stays near: data that lie deeper are typed or chosen in a dialog. */
const maxDepth = 4;
const maxFolders = 2_000;
const maxPlaces = 40;

/** Names of files that can hold it; a trailing `.gz` has been taken off where the readers take one. */
const fileNames = {
  images: /\.(png|jpe?g)$/i,
  table: /\.(csv|tsv|jsonl|ndjson|npy|npz|safetensors)$/i,
  language: /\.(txt|text|md|fa|fasta|fna|ffn|2bit)$/i,
  records: /\.(jsonl|ndjson)$/i,
  onnx: /\.onnx$/i,
  tokenizer: /tokenizer[^/]*\.json$/i,
  variants: /\.(tsv|csv)$/i,
} satisfies { readonly [K in PathContent]: RegExp };

/** Kinds of which a whole folder can be given. */
const ofFolders: ReadonlySet<PathContent> = new Set(['table', 'language', 'records']);
const idxImages = /images[.-]?idx3-ubyte(\.gz)?$/i;
const partNames: ReadonlySet<string> = new Set(['train', 'test', 'valid', 'val', 'dev', 'eval']);
const passedBy: ReadonlySet<string> = new Set(
  'node_modules __pycache__ venv env site-packages wandb mlruns lightning_logs checkpoints'.split(' '),
);
/** Papers of a repository that nobody means to train on. */
const papers = /^(readme|changelog|license|licence|contributing|experiment_log|requirements)\b/i;

/** A folder as the search saw it. */
interface Seen {
  /** Relative to the searched folder, with "/"; '' is that folder. */
  readonly path: string;
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

/**
 * Files and folders that may hold what is wanted, folders first, then the nearest. Nothing is opened: names tell. Folders that cannot be
 * read are passed by, and so are those of environments, of trackers and, unless models are wanted, of runs.
 */
export async function findData(folder: string, holds: PathContent): Promise<readonly DataPlace[]> {
  const seen = await look(folder, holds);
  if (holds === 'images') return imageFolders(seen).slice(0, maxPlaces);
  const folders = ofFolders.has(holds) ? foldersOf(seen, holds) : [];
  const files = await filesOf(folder, seen, holds);
  return [...folders, ...files].slice(0, maxPlaces);
}

/** Folders in the order of their depth, each once. */
async function look(root: string, holds: PathContent): Promise<readonly Seen[]> {
  const seen: Seen[] = [];
  let level = [''];
  for (let depth = 0; depth <= maxDepth && level.length > 0 && seen.length < maxFolders; depth++) {
    const listed = await Promise.all(level.slice(0, maxFolders - seen.length).map((each) => list(root, each, holds)));
    seen.push(...listed);
    level = listed.flatMap((each) => each.folders.map((name) => join(each.path, name)));
  }
  return seen;
}

async function list(root: string, folder: string, holds: PathContent): Promise<Seen> {
  const entries = await readdir(path.join(root, folder), { withFileTypes: true }).catch(() => []);
  const shown = entries.filter(({ name }) => !name.startsWith('.')).sort((a, b) => a.name.localeCompare(b.name, 'en'));
  const isPassedBy = (name: string) => passedBy.has(name) || (name === 'runs' && holds !== 'onnx');
  const linked = await Promise.all(
    shown
      .filter((entry) => entry.isSymbolicLink())
      .map(async ({ name }) => ((await leadsOut(root, path.join(root, folder, name))) ? [name] : [])),
  );
  const isFolder = (entry: Dirent) => entry.isDirectory() || linked.flat().includes(entry.name);
  return {
    path: folder,
    files: shown.filter((entry) => !isFolder(entry)).map(({ name }) => name),
    folders: shown.filter((entry) => isFolder(entry) && !isPassedBy(entry.name)).map(({ name }) => name),
  };
}

/**
 * Whether a link leads to a folder elsewhere, as to a disk of data. Those to folders inside are not followed, since the search comes there anyway,
 * nor are those of the other disk, so that the search ends.
 */
async function leadsOut(root: string, link: string): Promise<boolean> {
  try {
    const real = await realpath(root);
    const isWithin = async (place: string) => !path.relative(real, await realpath(place)).startsWith('..');
    return (await isWithin(path.dirname(link))) && !(await isWithin(link)) && (await stat(link)).isDirectory();
  } catch {
    return false;
  }
}

/** Folders of IDX files, and folders with a folder of pictures per class, below `train` and `test` or without these. */
function imageFolders(seen: readonly Seen[]): readonly DataPlace[] {
  const places = new Map<string, DataPlace>();
  const byPath = new Map(seen.map((each) => [each.path, each]));
  for (const each of seen) {
    if (each.files.some((name) => idxImages.test(name))) places.set(each.path, place(each.path, 'images as IDX files'));
    const classes = each.folders.filter((name) => hasImages(byPath.get(join(each.path, name)))).length;
    if (classes < 2) continue;
    const isPart = partNames.has(path.posix.basename(each.path));
    const whole = isPart ? parentOf(each.path) : each.path;
    if (!places.has(whole)) places.set(whole, place(whole, `${classes} classes of images`));
  }
  const depth = (each: DataPlace) => each.path.split('/').length;
  return [...places.values()].sort((a, b) => depth(a) - depth(b) || a.path.localeCompare(b.path, 'en'));
}

function hasImages(seen: Seen | undefined): boolean {
  return seen?.files.some((name) => fileNames.images.test(name)) ?? false;
}

/** Folders with several files of the kind, or with a part for training. */
function foldersOf(seen: readonly Seen[], holds: PathContent): readonly DataPlace[] {
  const places = new Map<string, DataPlace>();
  for (const each of seen) {
    const count = each.files.filter((name) => isOfKind(name, holds)).length;
    const isTrain = path.posix.basename(each.path) === 'train';
    const whole = isTrain ? parentOf(each.path) : each.path;
    const isEnough = isTrain ? count > 0 : count > 1 && !partNames.has(path.posix.basename(each.path));
    // The folder that is open holds the project; its own files are given one by one.
    if (isEnough && whole !== '' && !places.has(whole))
      places.set(whole, place(whole, `${count} ${count === 1 ? 'file' : 'files'}${isTrain ? ' in train' : ''}`));
  }
  return [...places.values()];
}

async function filesOf(root: string, seen: readonly Seen[], holds: PathContent): Promise<readonly DataPlace[]> {
  const found = seen.flatMap((each) =>
    each.files.filter((name) => isOfKind(name, holds)).map((name) => join(each.path, name)),
  );
  return Promise.all(
    found.slice(0, maxPlaces).map(async (file): Promise<DataPlace> => {
      const size = await stat(path.join(root, file)).then(
        (facts) => ({ sizeBytes: facts.size }),
        () => ({}),
      );
      return { path: file, isFolder: false, what: '', ...size };
    }),
  );
}

function isOfKind(name: string, holds: PathContent): boolean {
  return fileNames[holds].test(name.replace(/\.gz$/i, '')) && !papers.test(name);
}

function place(folder: string, what: string): DataPlace {
  return { path: folder === '' ? '.' : folder, isFolder: true, what };
}

function join(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

function parentOf(folder: string): string {
  const parent = path.posix.dirname(folder);
  return parent === '.' ? '' : parent;
}
