import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';

/** Folders in which Hydra programs keep their outputs, and how deep below them: `outputs/DATE/TIME`, `logs/<task>/multiruns/DATE/N`. */
const outputFolders = ['outputs', 'logs', 'multirun', 'results'] as const;
const outputDepth = 4;
const maxFolders = 3_000;

/** The output folders of Hydra below a project that were made at `since` (ms) or later. Sweeps count as one: their root. */
export async function hydraOutputsSince(project: string, since: number): Promise<readonly string[]> {
  const found: string[] = [];
  let left = maxFolders;
  const visit = async (folder: string, depth: number): Promise<void> => {
    if (left-- <= 0) return;
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    const names = new Set(entries.map(({ name }) => name));
    if (names.has('.hydra') || names.has('multirun.yaml')) {
      if (await wasMadeSince(path.join(folder, names.has('.hydra') ? '.hydra' : 'multirun.yaml'), since))
        found.push(folder);
      return;
    }
    if (depth >= outputDepth) return;
    // The newest names come last in what Hydra makes, and are what is looked for.
    const folders = entries
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map(({ name }) => name);
    for (const name of folders.sort().reverse()) await visit(path.join(folder, name), depth + 1);
  };
  for (const name of outputFolders) await visit(path.join(project, name), 0);
  return found;
}

/** Whether a file or folder was made at `since` (ms) or later; where the file system keeps no such time, when it was changed last. */
export async function wasMadeSince(file: string, since: number): Promise<boolean> {
  const facts = await stat(file).catch(() => undefined);
  if (facts === undefined) return false;
  return (facts.birthtimeMs > 0 ? facts.birthtimeMs : facts.mtimeMs) >= since;
}

/** The nearest folder around a path, below `limit`, that Hydra made for a run; the root of the sweep where it belongs to one. */
export async function hydraFolderAround(file: string, limit: string): Promise<string | undefined> {
  let found: string | undefined;
  for (
    let folder = path.dirname(file);
    folder !== limit && folder !== path.dirname(folder);
    folder = path.dirname(folder)
  ) {
    const names = new Set(await readdir(folder).catch(() => [] as string[]));
    if (names.has('multirun.yaml')) return folder;
    if (found === undefined && names.has('.hydra')) found = folder;
    else if (found !== undefined) break;
  }
  return found;
}

/** The overrides that a Hydra program says it was started with; undefined where it says nothing readable. */
export async function overridesOf(folder: string): Promise<readonly string[] | undefined> {
  const own = await readYaml(path.join(folder, '.hydra', 'overrides.yaml'));
  if (isTexts(own)) return own;
  const sweep = (await readYaml(path.join(folder, 'multirun.yaml'))) as
    | { hydra?: { overrides?: { task?: unknown } } }
    | undefined;
  const task = sweep?.hydra?.overrides?.task;
  return isTexts(task) ? task : undefined;
}

/** Whether a program with these arguments would say that it has these overrides. Its own options and Hydra's own settings are told elsewhere. */
export function sameOverrides(args: readonly string[], overrides: readonly string[]): boolean {
  return JSON.stringify(taskOf(args).sort()) === JSON.stringify([...overrides].sort());
}

/** Whether a command line ends with these overrides: behind an interpreter with its options, a script, or `-m` and a module. */
export function endsWithOverrides(command: readonly string[], overrides: readonly string[]): boolean {
  const first = command.findIndex((word) => !word.startsWith('-') && /^[+~]*[\w./@-]+=|^~/.test(word));
  return sameOverrides(first < 0 ? [] : command.slice(first), overrides);
}

/** Whether a program with these arguments may say that it has these overrides: a launcher may have added others. */
export function includesOverrides(args: readonly string[], overrides: readonly string[]): boolean {
  return taskOf(args).every((argument) => overrides.includes(argument));
}

function taskOf(args: readonly string[]): string[] {
  return args.filter((argument) => !argument.startsWith('-') && !/^[+~]*hydra[./]/.test(argument));
}

async function readYaml(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  try {
    return text === undefined ? undefined : parse(text, { logLevel: 'silent' });
  } catch {
    return undefined;
  }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}
