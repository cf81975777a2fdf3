import { opendir, stat } from 'node:fs/promises';
import path from 'node:path';

export interface WalkedFile {
  readonly path: string;
  /** Relative to the folder, with `/`. */
  readonly relative: string;
  readonly size: number;
  readonly modifiedMs: number;
  readonly isExecutable: boolean;
}

export interface WalkOptions {
  /** Whether a file may hold an entry point, by its name: only such files are looked at further. */
  readonly isWanted: (name: string) => boolean;
  /** Globs of folders and files that are left out, as in `files.exclude`: **\/old, data/**. */
  readonly exclude?: readonly string[];
  readonly maxEntries?: number;
  readonly maxDepth?: number;
}

export interface Walk {
  readonly files: readonly WalkedFile[];
  /** Not everything was seen: the folder is too large. */
  readonly isCut: boolean;
}

/** Folders that hold packages, results or data by convention: many files, and none of them an entry point. */
const heavyFolders = new Set([
  'node_modules',
  'site-packages',
  '__pycache__',
  '__pypackages__',
  'venv',
  'env',
  'envs',
  'wandb',
  'mlruns',
  'lightning_logs',
  'outputs',
  'multirun',
  'runs',
  'logs',
  'checkpoints',
  'ckpts',
  'dist',
  'build',
  'target',
  'third_party',
  'htmlcov',
  'trackio',
  'artifacts',
]);

/** Most entries of one folder that are looked at: folders of samples have millions. */
const maxPerFolder = 4_000;

/** Files of a folder that may hold entry points, nearest first. Links are not followed, so nothing outside is seen; an unreadable folder is left out. */
export async function walkFolder(root: string, options: WalkOptions): Promise<Walk> {
  const maxEntries = options.maxEntries ?? 40_000;
  const excluded = (options.exclude ?? []).map(globPattern);
  const isKept = (relative: string): boolean => !excluded.some((pattern) => pattern.test(relative));
  const files: WalkedFile[] = [];
  let seen = 0;
  let isCut = false;
  let level: readonly string[] = [''];
  for (let depth = 0; level.length > 0 && depth <= (options.maxDepth ?? 8); depth++) {
    const deeper: string[] = [];
    for (const folder of level) {
      if (seen >= maxEntries) return { files, isCut: true };
      const listing = await listFolder(path.join(root, folder));
      seen += listing.length;
      isCut ||= listing.length === maxPerFolder;
      const kept = listing
        .map((entry) => ({ ...entry, relative: join(folder, entry.name) }))
        .filter(({ relative }) => isKept(relative));
      deeper.push(...kept.filter(isEntered).map(({ relative }) => relative));
      const wanted = kept.filter(({ kind, name }) => kind === 'file' && options.isWanted(name));
      const described = await Promise.all(wanted.map(({ relative }) => describe(root, relative)));
      files.push(...described.filter((file) => file !== undefined));
    }
    level = deeper;
  }
  return { files, isCut };
}

function isEntered({ kind, name }: { kind: 'folder' | 'file'; name: string }): boolean {
  return kind === 'folder' && !name.startsWith('.') && !heavyFolders.has(name);
}

function join(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

async function listFolder(folder: string): Promise<readonly { name: string; kind: 'folder' | 'file' }[]> {
  const listing: { name: string; kind: 'folder' | 'file' }[] = [];
  try {
    for await (const entry of await opendir(folder, { bufferSize: 256 })) {
      if (entry.isDirectory()) listing.push({ name: entry.name, kind: 'folder' });
      else if (entry.isFile()) listing.push({ name: entry.name, kind: 'file' });
      if (listing.length === maxPerFolder) break;
    }
  } catch {
    return [];
  }
  return listing.sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function describe(root: string, relative: string): Promise<WalkedFile | undefined> {
  const file = path.join(root, relative);
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) return undefined;
  return {
    path: file,
    relative,
    size: found.size,
    modifiedMs: found.mtimeMs,
    isExecutable: (found.mode & 0o111) !== 0,
  };
}

/** `*` and `?` within a name, `**` over folders. A glob of a folder leaves out what is in it, too. */
function globPattern(glob: string): RegExp {
  const source = glob
    .replace(/\/+$/, '')
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*\*\/|\*\*|\*|\?/g, (part) =>
      part === '**/' ? '(?:.*/)?' : part === '**' ? '.*' : part === '*' ? '[^/]*' : '[^/]',
    );
  return new RegExp(`^${source}(?:/.*)?$`);
}
