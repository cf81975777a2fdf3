import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { type ConfigText, readConfigText } from './configText.ts';

const maxBytes = 2_000_000;

/** What one composition reads: groups and configurations below the search path's folders, the first folder that has one counts. */
export interface ConfigSource {
  /** The configuration `group/option`, or undefined. */
  load(name: string): ConfigText | undefined;
  isGroup(name: string): boolean;
  /** Names of the configurations in a group, sorted. */
  options(group: string): readonly string[];
  /** All groups, nested ones as `a/b`, sorted. */
  groups(): readonly string[];
}

/** Texts by file, kept as long as the file does not change: a form composes again with every key that is typed. */
export class ConfigCache {
  readonly #texts = new Map<string, { readonly stamp: string; readonly text: ConfigText }>();

  read(file: string, name: string): ConfigText | undefined {
    let stamp: string;
    try {
      const found = statSync(file);
      if (!found.isFile()) return undefined;
      stamp = `${found.mtimeMs} ${found.size} ${found.ino}`;
      const kept = this.#texts.get(file);
      if (kept?.stamp === stamp) return kept.text;
      if (found.size > maxBytes)
        return { tree: {}, comments: new Map(), problems: [`${name}.yaml is too large to be a configuration.`] };
      const text = readConfigText(readFileSync(file, 'utf8'), `${name}.yaml`);
      if (this.#texts.size > 5_000) this.#texts.clear();
      this.#texts.set(file, { stamp, text });
      return text;
    } catch (error) {
      const isMissing = ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
      if (isMissing) return undefined;
      return { tree: {}, comments: new Map(), problems: [`${name}.yaml cannot be read: ${(error as Error).message}`] };
    }
  }
}

/** Configurations in folders of this machine. */
export class ConfigFolders implements ConfigSource {
  readonly #folders: readonly string[];
  readonly #cache: ConfigCache;
  /** Files that were read, for a hash of what a composition came from. */
  readonly used = new Set<string>();

  constructor(folders: readonly string[], cache: ConfigCache) {
    this.#folders = folders;
    this.#cache = cache;
  }

  load(name: string): ConfigText | undefined {
    if (name.split('/').includes('..')) return undefined;
    const plain = name.replace(/\.ya?ml$/, '');
    for (const folder of this.#folders) {
      const file = path.join(folder, `${plain}.yaml`);
      const text = this.#cache.read(file, plain);
      if (text === undefined) continue;
      this.used.add(file);
      return text;
    }
    return undefined;
  }

  isGroup(name: string): boolean {
    if (name === '' || name.split('/').includes('..')) return false;
    return this.#folders.some((folder) => isFolder(path.join(folder, name)));
  }

  options(group: string): readonly string[] {
    const names = this.#folders.flatMap((folder) => list(path.join(folder, group)).files);
    return [...new Set(names)].sort();
  }

  groups(): readonly string[] {
    const found = new Set<string>();
    const walk = (folder: string, prefix: string, depth: number): void => {
      for (const name of list(path.join(folder, prefix)).folders) {
        const group = prefix === '' ? name : `${prefix}/${name}`;
        if (found.size < 2_000) found.add(group);
        if (depth < 6) walk(folder, group, depth + 1);
      }
    };
    for (const folder of this.#folders) walk(folder, '', 0);
    return [...found].filter((group) => this.options(group).length > 0).sort();
  }
}

function isFolder(place: string): boolean {
  try {
    return statSync(place).isDirectory();
  } catch {
    return false;
  }
}

function list(folder: string): { readonly files: readonly string[]; readonly folders: readonly string[] } {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return {
      files: entries
        .filter((entry) => !entry.isDirectory() && entry.name.endsWith('.yaml'))
        .map(({ name }) => name.slice(0, -5)),
      folders: entries.filter((entry) => entry.isDirectory() && !/^[._]/.test(entry.name)).map(({ name }) => name),
    };
  } catch {
    return { files: [], folders: [] };
  }
}
