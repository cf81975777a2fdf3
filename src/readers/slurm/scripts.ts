import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { skipByName } from '../discovery/skip.ts';
import { readTextEnds } from '../files/textEnds.ts';

/** A batch script and where its outputs go. */
export interface BatchScript {
  readonly file: string;
  readonly jobName: string | undefined;
  readonly outputs: readonly OutputPattern[];
}

interface OutputPattern {
  /** For the last parts of a path, as many as the pattern has. */
  readonly expression: RegExp;
  readonly parts: number;
}

/** What a script says of a file that it names by a pattern. */
export interface ScriptMatch {
  readonly script: BatchScript;
  readonly jobId?: string;
  readonly arrayIndex?: string;
  readonly jobName?: string;
}

const scriptNames = /\.(?:slurm|sbatch|slrm|batch|job|sub|sh|bash)$/i;
const headBytes = 16 * 1024;
const mostScripts = 300;
const mostFolders = 200;
const deepest = 2;

const kept = new Map<string, { readonly madeAt: number; readonly scripts: Promise<readonly BatchScript[]> }>();
const mostKept = 4;
/** Scripts change seldom, and a folder of a thousand outputs asks for them a thousand times. */
const ageSeconds = 10;

/** The script below a root that names a file by `#SBATCH --output` or `--error`. Only the first folders are searched. */
export async function scriptOf(file: string, root: string): Promise<ScriptMatch | undefined> {
  for (const script of await scriptsBelow(root)) {
    for (const pattern of script.outputs) {
      const groups = matchEnd(file, pattern);
      if (groups === undefined) continue;
      const { job = groups['array'], index, name } = groups;
      return {
        script,
        ...(job === undefined ? {} : { jobId: job }),
        ...(index === undefined ? {} : { arrayIndex: index }),
        ...(name === undefined ? (script.jobName === undefined ? {} : { jobName: script.jobName }) : { jobName: name }),
      };
    }
  }
  return undefined;
}

function scriptsBelow(root: string): Promise<readonly BatchScript[]> {
  const now = performance.now() / 1000;
  const known = kept.get(root);
  if (known !== undefined && now - known.madeAt < ageSeconds) return known.scripts;
  const scripts = findScripts(root);
  kept.delete(root);
  kept.set(root, { madeAt: now, scripts });
  if (kept.size > mostKept) kept.delete(kept.keys().next().value!);
  return scripts;
}

async function findScripts(root: string): Promise<readonly BatchScript[]> {
  const files: string[] = [];
  let folders = 0;
  let level = [root];
  for (let depth = 0; depth <= deepest; depth++) {
    const next: string[] = [];
    for (const folder of level) {
      if (folders++ >= mostFolders) break;
      for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
        if (entry.isFile() && scriptNames.test(entry.name)) files.push(path.join(folder, entry.name));
        const isOpen = entry.isDirectory() && !entry.name.startsWith('.') && skipByName(entry.name) === undefined;
        if (isOpen) next.push(path.join(folder, entry.name));
      }
    }
    level = next;
  }
  const scripts = await Promise.all(files.sort().slice(0, mostScripts).map(readScript));
  return scripts.filter((script) => script !== undefined);
}

async function readScript(file: string): Promise<BatchScript | undefined> {
  const ends = await readTextEnds(file, { head: headBytes, tail: 0 });
  return ends === undefined ? undefined : parseScript(file, ends.head);
}

/** The options of a script's `#SBATCH` lines that say where its outputs go; undefined where it has none. A pattern without a number is no help: every run writes over it. */
export function parseScript(file: string, text: string): BatchScript | undefined {
  const words = text
    .split('\n')
    .flatMap((line) => /^#SBATCH\s+([^#]*)/.exec(line)?.[1] ?? [])
    .join(' ')
    .split(/\s+/);
  const valuesOf = (long: string, short: string): readonly string[] =>
    words.flatMap((word, index) => {
      if (word.startsWith(`--${long}=`)) return [unquoted(word.slice(long.length + 3))];
      if (word === `--${long}` || word === short) return [unquoted(words[index + 1] ?? '')];
      return word.startsWith(short) && !word.startsWith('--') ? [unquoted(word.slice(2).replace(/^=/, ''))] : [];
    });
  const patterns = [...valuesOf('output', '-o'), ...valuesOf('error', '-e')].filter((pattern) =>
    /%\d*[jJAa]/.test(pattern),
  );
  if (patterns.length === 0) return undefined;
  return { file, jobName: valuesOf('job-name', '-J').at(-1), outputs: patterns.map(toPattern) };
}

/** Replacement symbols: https://slurm.schedmd.com/sbatch.html#SECTION_FILENAME-PATTERN. A path of another machine counts by its last two parts. */
function toPattern(pattern: string): OutputPattern {
  const all = pattern.split('/').filter((part) => part !== '' && part !== '.' && !/^[~$]|^\.\.$/.test(part));
  const parts = all.slice(pattern.startsWith('/') ? -2 : 0);
  const used = new Set<string>();
  const expression = parts
    .join('/')
    .replace(/%(\d*)([A-Za-z%])|[.*+?^${}()|[\]\\]/g, (written, _width, letter?: string) => {
      if (letter === undefined) return `\\${written}`;
      return letter === '%' ? '%' : once(symbols[letter] ?? ['', '[^/]+?'], used);
    });
  return { expression: new RegExp(`(?:^|/)${expression}$`), parts: parts.length };
}

const symbols: { readonly [letter: string]: readonly [name: string, expression: string] } = {
  j: ['job', '\\d+'],
  J: ['job', '\\d+(?:\\.\\d+)?'],
  A: ['array', '\\d+'],
  a: ['index', '\\d+'],
  x: ['name', '[^/]+?'],
};

function once([name, expression]: readonly [string, string], used: Set<string>): string {
  if (name === '' || used.has(name)) return `(?:${expression})`;
  used.add(name);
  return `(?<${name}>${expression})`;
}

function matchEnd(
  file: string,
  { expression, parts }: OutputPattern,
): { readonly [name: string]: string | undefined } | undefined {
  const end = file.split(path.sep).slice(-parts).join('/');
  const found = expression.exec(end);
  return found === null ? undefined : (found.groups ?? {});
}

function unquoted(word: string): string {
  return word.replace(/^["']|["']$/g, '');
}
