import type { RunId } from './ids.ts';
import type { LogEntry, LogLink } from './logEntry.ts';

/** What of a run an entry of the experiment log may name. */
export interface LinkableRun {
  readonly id: RunId;
  readonly name: string;
  /** Absolute path of the run's directory or file. */
  readonly path: string;
  readonly createdAt: number;
  readonly command?: readonly string[];
  /** Absolute paths of folders and files that hold what the run made. */
  readonly outputs?: readonly string[];
  /** Where the configuration says it: the name that the run was started with. */
  readonly startedAs?: string;
}

/** Columns of a table whose cells may name runs. */
const nameColumns = /^(?:run|run[ _-]?name|run[ _-]?id|experiment|name)$/i;
/** A run that was resumed again and again has many parts of one name. */
const mostRuns = 20;

/**
 * Entries and the runs that they speak of, in the order of the entries, the newest run first: by the name in a launch command, by a checkpoint that the run made, by the
 * same command, and by a name in a table's column of runs. A pair stands once, with the first reason.
 */
export function linkEntries(entries: readonly LogEntry[], runs: Iterable<LinkableRun>): readonly LogLink[] {
  const known = new Known(runs);
  return entries.flatMap((entry) => {
    const reasons = new Map<LinkableRun, string>();
    for (const rule of rules) {
      for (const [run, why] of rule(entry, known)) if (!reasons.has(run)) reasons.set(run, why);
    }
    const newestFirst = [...reasons].sort(([a], [b]) => b.createdAt - a.createdAt).slice(0, mostRuns);
    return newestFirst.map(([run, why]) => ({ file: entry.file, line: entry.line, runId: run.id, why }));
  });
}

type Rule = (entry: LogEntry, known: Known) => Iterable<readonly [run: LinkableRun, why: string]>;

const rules: readonly Rule[] = [byName, byCheckpoint, byCommand, byTable];

function* byName({ runNames }: LogEntry, known: Known): ReturnType<Rule> {
  for (const name of runNames) for (const run of known.named(name)) yield [run, `The entry's command names ${name}.`];
}

/** A checkpoint belongs to the run that it lies in, and to the run whose name it begins with: `<run>_epoch_0010.pt`. */
function* byCheckpoint({ file, checkpoints }: LogEntry, known: Known): ReturnType<Rule> {
  const folder = file.replace(/[\\/][^\\/]*$/, '');
  for (const checkpoint of checkpoints) {
    const fileName = lastPart(checkpoint);
    const why = `The entry names its checkpoint ${fileName}.`;
    if (fileName !== checkpoint) for (const run of known.holding(absolute(checkpoint, folder))) yield [run, why];
    const owner = /^(.+?)[-_.](?:epoch|ep|step|iter|last|best|final)(?![a-z])/i.exec(fileName)?.[1];
    if (owner !== undefined) for (const run of known.named(owner)) yield [run, why];
  }
}

function* byCommand({ commands }: LogEntry, known: Known): ReturnType<Rule> {
  for (const command of commands) {
    const said = argumentsOf(shellWords(command));
    for (const run of known.startedWith(said)) yield [run, 'It was started with the command of the entry.'];
  }
}

function* byTable({ tables }: LogEntry, known: Known): ReturnType<Rule> {
  for (const { columns, rows } of tables) {
    for (const [index, column] of columns.entries()) {
      if (!nameColumns.test(column)) continue;
      for (const row of rows)
        for (const run of known.named(row[index]!)) yield [run, `A table of the entry names ${row[index]}.`];
    }
  }
}

/** The runs by what may name them. */
class Known {
  readonly #byName = new Map<string, LinkableRun[]>();
  readonly #byArguments = new Map<string, LinkableRun[]>();
  readonly #folders: (readonly [folder: string, run: LinkableRun])[] = [];

  constructor(runs: Iterable<LinkableRun>) {
    for (const run of runs) {
      const names = new Set([run.name, lastPart(run.path), run.startedAs ?? '']);
      for (const name of names) add(this.#byName, name, run);
      if (run.command !== undefined) add(this.#byArguments, argumentsOf(run.command), run);
      for (const folder of new Set([run.path, ...(run.outputs ?? [])])) this.#folders.push([folder, run]);
    }
  }

  named(name: string): readonly LinkableRun[] {
    return name.length < 2 ? [] : (this.#byName.get(name) ?? []);
  }

  /** The runs whose folders or files these are; of folders within one another, the inner one. */
  holding(file: string): readonly LinkableRun[] {
    const around = this.#folders.filter(([folder]) => file === folder || isBelow(file, folder));
    const deepest = Math.max(0, ...around.map(([folder]) => folder.length));
    return around.filter(([folder]) => folder.length === deepest).map(([, run]) => run);
  }

  startedWith(said: string): readonly LinkableRun[] {
    return this.#byArguments.get(said) ?? [];
  }
}

function add(index: Map<string, LinkableRun[]>, key: string, run: LinkableRun): void {
  // What is empty fits everything.
  if (key === '') return;
  const runs = index.get(key);
  if (runs === undefined) index.set(key, [run]);
  else runs.push(run);
}

/** What a command line decides: its `key=value` and `--option` words and what follows them, in an order of its own. '' where that is too little to tell two apart. */
function argumentsOf(words: readonly string[]): string {
  const first = words.findIndex((word) => /^-{0,2}[+~]{0,2}[\w./@-]+=/.test(word) || /^--?[a-z]/i.test(word));
  const said = first < 0 ? [] : words.slice(first);
  const program = words
    .slice(0, first < 0 ? undefined : first)
    .findLast((word) => /\.(?:py|sh|slurm|sbatch)$/.test(word));
  return said.length < 2 ? '' : [lastPart(program ?? ''), ...said.toSorted()].join('\0');
}

/** The words of a line as a POSIX shell splits them, without expansions. */
export function shellWords(line: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (const [part, quoted, doubled, escaped] of line.matchAll(
    /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|\s+|[^\s'"\\]+|./gs,
  )) {
    if (/^\s/.test(part)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + (quoted ?? doubled?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? part);
  }
  return word === undefined ? words : [...words, word];
}

function absolute(file: string, folder: string): string {
  const clean = file.replace(/^\.\//, '');
  return /^(?:[/\\]|[A-Za-z]:)/.test(clean) ? clean : `${folder}/${clean}`;
}

function isBelow(file: string, folder: string): boolean {
  return file.startsWith(folder) && /[/\\]/.test(file.charAt(folder.length));
}

function lastPart(path: string): string {
  return path.replace(/.*[\\/]/, '');
}
