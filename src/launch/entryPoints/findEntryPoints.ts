import { readFileSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type EntryPoint, entryKinds, type PythonEnvironment } from '../../domain/entryPoint.ts';
import { findPython } from '../environments/findPython.ts';
import type { Variables } from '../environments/programs.ts';
import type { FindContext, Finder, SourceFile } from './draft.ts';
import { finders } from './finders/index.ts';
import { linkLaunchers } from './launchers.ts';
import { blankPython } from './pythonText.ts';
import { type WalkedFile, walkFolder } from './walk.ts';

/** Longer files are no programs that somebody starts. */
const maxFileBytes = 400_000;
const maxTotalBytes = 64_000_000;

export interface FindOptions {
  readonly exclude?: readonly string[];
  readonly env?: Variables;
}

export interface FoundEntries {
  /** Those that train first, then by kind and path. */
  readonly entries: readonly EntryPoint[];
  readonly problems: readonly string[];
}

/** Finds what can be launched in a folder by looking at names and texts; nothing is executed. A file that held nothing is not read again until it changes. */
export class EntryPointSearch {
  /** Files without entry points, by path: modification time and size. */
  readonly #barren = new Map<string, string>();

  async find(root: string, options: FindOptions = {}): Promise<FoundEntries> {
    const accepting = (name: string): readonly Finder[] => finders.filter((finder) => finder.accepts(name));
    const walk = await walkFolder(root, {
      isWanted: (name) => accepting(name).length > 0,
      ...(options.exclude === undefined ? {} : { exclude: options.exclude }),
    });
    const context = makeContext(root, options.env ?? process.env);
    const entries: EntryPoint[] = [];
    let bytes = 0;
    for (const file of walk.files) {
      const stamp = `${file.modifiedMs} ${file.size} ${file.isExecutable}`;
      if (file.size > maxFileBytes || this.#barren.get(file.path) === stamp) continue;
      bytes += file.size;
      if (bytes > maxTotalBytes) break;
      const source = await readSource(file);
      if (source === undefined) continue;
      const found = accepting(path.basename(file.path)).flatMap((finder) => finder.find(source, context));
      if (found.length === 0) this.#barren.set(file.path, stamp);
      entries.push(...found);
    }
    const isCut = walk.isCut || bytes > maxTotalBytes;
    return {
      entries: unique(linkLaunchers(entries, context)).sort(byUse),
      problems: isCut ? ['The folder is too large to be searched whole; name what is missing in trainyard.yaml.'] : [],
    };
  }
}

async function readSource(file: WalkedFile): Promise<SourceFile | undefined> {
  try {
    const text = await readFile(file.path, 'utf8');
    return { ...file, text, blank: file.path.endsWith('.py') ? blankIfTelling(text) : text };
  } catch {
    return undefined;
  }
}

/** Most Python files are libraries: they are told by a word, and not looked at further. */
function blankIfTelling(text: string): string {
  return /__main__|hydra|modal/.test(text) || /^[ \t]*from[ \t]+\./m.test(text) ? blankPython(text) : '';
}

function makeContext(root: string, env: Variables): FindContext {
  const pythons = new Map<string, PythonEnvironment>();
  return {
    root,
    env,
    pythonFor: (folder) => {
      const python = pythons.get(folder) ?? findPython(folder, root, env);
      pythons.set(folder, python);
      return python;
    },
    read: (file) => {
      try {
        return statSync(file).size > maxFileBytes ? undefined : readFileSync(file, 'utf8');
      } catch {
        return undefined;
      }
    },
  };
}

/** The first entry of an id and of a command stays: a Hydra program is found before the script that it also is. */
function unique(entries: readonly EntryPoint[]): EntryPoint[] {
  const seen = new Set<string>();
  return entries.filter(({ id, command, cwd }) => {
    const key = JSON.stringify([cwd, command]);
    if (seen.has(id) || seen.has(key)) return false;
    seen.add(id).add(key);
    return true;
  });
}

const roles: readonly EntryPoint['role'][] = ['train', 'evaluate', 'data', 'other'];

function byUse(a: EntryPoint, b: EntryPoint): number {
  return (
    roles.indexOf(a.role) - roles.indexOf(b.role) ||
    entryKinds.indexOf(a.kind) - entryKinds.indexOf(b.kind) ||
    depth(a) - depth(b) ||
    (a.id < b.id ? -1 : 1)
  );
}

function depth({ id }: EntryPoint): number {
  return id.split('/').length;
}
