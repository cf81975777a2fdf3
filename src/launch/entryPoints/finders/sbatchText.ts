import type { SlurmResources } from '../../../domain/target.ts';

type Key = Exclude<keyof SlurmResources, 'options'>;

/** Options of sbatch that are resources of ours. Source: sbatch(1), SLURM 22.05. */
const known: { readonly [option: string]: Key } = {
  partition: 'partition',
  p: 'partition',
  account: 'account',
  A: 'account',
  qos: 'qos',
  q: 'qos',
  gres: 'gres',
  time: 'time',
  t: 'time',
  nodes: 'nodes',
  N: 'nodes',
  ntasks: 'tasks',
  n: 'tasks',
  'cpus-per-task': 'cpusPerTask',
  c: 'cpusPerTask',
  mem: 'mem',
  constraint: 'constraint',
  C: 'constraint',
};
const whole: ReadonlySet<Key> = new Set<Key>(['nodes', 'tasks', 'cpusPerTask']);

/** Short options of sbatch that take a value, so that `-J name` is one option. */
const shortWithValue = 'AabBcCdDeFGiJLmMnNopqStwx';

export interface SbatchDirectives {
  readonly resources: SlurmResources;
  readonly jobName?: string;
  /** Line of the first directive, from 1. */
  readonly line: number;
}

/** Whether a script is one for sbatch. */
export function hasDirectives(text: string): boolean {
  return /^#SBATCH[ \t]+-/m.test(text);
}

/** What the `#SBATCH` lines at the top of a script ask for. What has no key of its own stands in `options`, one argument each; a job's name and output files are left to us. */
export function parseDirectives(text: string): SbatchDirectives | undefined {
  const directives = [...directiveLines(text)];
  const [first] = directives;
  if (first === undefined) return undefined;
  const said = directives.flatMap(({ words }) => splitOptions(words));
  const options = said.filter((option) => !ours.has(option.name) && resourceOf(option) === undefined).map(printOption);
  const values = Object.fromEntries(said.flatMap((option) => resourceOf(option) ?? []));
  const jobName = said.find(({ name }) => name === 'job-name' || name === 'J')?.value;
  return {
    resources: { ...values, ...(options.length === 0 ? {} : { options }) },
    line: first.line,
    ...(jobName === undefined ? {} : { jobName }),
  };
}

/** Options that every job of ours sets itself. */
const ours: ReadonlySet<string> = new Set(['job-name', 'J', 'output', 'o', 'error', 'e', 'chdir', 'D', 'comment']);

interface Option {
  readonly name: string;
  readonly value: string | undefined;
}

/** sbatch reads its lines up to the first command. */
function* directiveLines(text: string): Generator<{ readonly line: number; readonly words: readonly string[] }> {
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() !== '' && !line.startsWith('#')) return;
    const said = /^#SBATCH[ \t]+(-.*)$/.exec(line)?.[1]?.replace(/[ \t]#.*$/, '');
    const words = said?.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)?.map((word) => word.replace(/["']/g, ''));
    if (words !== undefined) yield { line: index + 1, words };
  }
}

function splitOptions(words: readonly string[]): readonly Option[] {
  const options: Option[] = [];
  for (let index = 0; index < words.length; index++) {
    const option = readOption(words[index]!, words[index + 1]);
    if (option === undefined) continue;
    if (option.tookNext) index++;
    options.push({ name: option.name, value: option.value });
  }
  return options;
}

function readOption(word: string, next: string | undefined): (Option & { readonly tookNext: boolean }) | undefined {
  const following = next !== undefined && !next.startsWith('-') ? next : undefined;
  const long = /^--([\w-]+)(?:=(.*))?$/.exec(word);
  if (long !== null) {
    const value = long[2] ?? following;
    return { name: long[1]!, value, tookNext: long[2] === undefined && value !== undefined };
  }
  const short = /^-([A-Za-z])=?(.*)$/.exec(word);
  if (short === null) return undefined;
  const name = short[1]!;
  const value = short[2] !== '' ? short[2] : shortWithValue.includes(name) ? following : undefined;
  return { name, value, tookNext: short[2] === '' && value !== undefined };
}

function resourceOf({ name, value }: Option): [Key, string | number][] | undefined {
  const key = Object.hasOwn(known, name) ? known[name]! : undefined;
  if (key === undefined || value === undefined) return undefined;
  if (!whole.has(key)) return [[key, value]];
  return /^\d+$/.test(value) ? [[key, Number(value)]] : undefined;
}

function printOption({ name, value }: Option): string {
  const dashes = name.length === 1 ? '-' : '--';
  if (value === undefined) return `${dashes}${name}`;
  return name.length === 1 ? `-${name}${value}` : `--${name}=${value}`;
}
