/** One job or task of an array, as a command of SLURM told it. */
export interface JobRow {
  /** "4711", or "4711_3" for a task of an array. */
  readonly id: string;
  /** The number that the job knows itself by, also as a task. */
  readonly rawId: string;
  /** The state as written: "RUNNING", "CANCELLED by 1000". */
  readonly state: string;
  /** Why it waits or ended, in SLURM's word; '' or None where there is no reason. */
  readonly reason: string;
  /** The nodes that it runs on, as SLURM writes them: "n[1-2]". */
  readonly nodes: string;
  /** Seconds since 1970: when it started, or is expected to. */
  readonly start?: number;
  readonly end?: number;
  /** Exit code and signal; squeue does not tell them. */
  readonly code?: number;
  readonly signal?: number;
  /** `comment|name`, compared as a whole, so that whatever stands in a name cannot be taken for something else. */
  readonly label: string;
}

/** Times as seconds since 1970, so that the time zone of the cluster does not matter. */
export const slurmEnvironment = { SLURM_TIME_FORMAT: '%s', LC_ALL: 'C' } as const;

export const squeueFormat = '%i|%A|%T|%S|%e|%r|%N|%k|%j';
export const sacctFormat = 'JobID,JobIDRaw,State,ExitCode,Start,End,Comment,JobName';

/** Rows of `squeue -h -r -o squeueFormat`. No field but the last two may hold a bar: text of users comes last. */
export function parseSqueue(text: string): readonly JobRow[] {
  return rowsOf(text, 7).map(
    ([id = '', rawId = '', state = '', start = '', end = '', reason = '', nodes = '', label = '']) => ({
      id,
      rawId,
      state,
      reason,
      nodes,
      ...time('start', start),
      ...time('end', end),
      label,
    }),
  );
}

/** Rows of `sacct -n -X -P -o sacctFormat`. Where the cluster does not keep comments, the label starts with a bar. */
export function parseSacct(text: string): readonly JobRow[] {
  return rowsOf(text, 6).map(([id = '', rawId = '', state = '', exit = '', start = '', end = '', label = '']) => ({
    id,
    rawId,
    state,
    reason: '',
    nodes: '',
    ...time('start', start),
    ...time('end', end),
    ...exitCode(exit),
    label,
  }));
}

/** Rows of `scontrol show job -o`: `Key=value` words, of which values may hold blanks. Only the known keys are read, each up to the next. */
export function parseScontrol(
  text: string,
): readonly (JobRow & { readonly output?: string; readonly restarts: number })[] {
  const lines = text.split('\n').filter((line) => line.startsWith('JobId='));
  return lines.map((line) => {
    const arrayId = field(line, 'ArrayJobId');
    const task = field(line, 'ArrayTaskId');
    const output = field(line, 'StdOut');
    return {
      id: arrayId === undefined ? (field(line, 'JobId') ?? '') : `${arrayId}_${task ?? ''}`,
      rawId: field(line, 'JobId') ?? '',
      state: field(line, 'JobState') ?? '',
      reason: field(line, 'Reason') ?? '',
      nodes: field(line, 'NodeList') ?? '',
      ...time('start', field(line, 'StartTime') ?? ''),
      ...time('end', field(line, 'EndTime') ?? ''),
      ...exitCode(field(line, 'ExitCode') ?? ''),
      label: `${longField(line, 'Comment') ?? ''}|${longField(line, 'JobName') ?? ''}`,
      restarts: Number(field(line, 'Restarts') ?? 0),
      ...(output === undefined ? {} : { output: longField(line, 'StdOut') ?? output }),
    };
  });
}

/** Number of the job or array: "4711" for "4711_3", "4711+1" and "4711_[0-9]". */
export function baseId(id: string): string {
  return /^\d+/.exec(id)?.[0] ?? id;
}

/** Lines cut at the first `count` bars; what is left stays whole. */
function rowsOf(text: string, count: number): readonly (readonly string[])[] {
  return text
    .split('\n')
    .filter((line) => line.includes('|'))
    .map((line) => {
      const words = line.split('|');
      return [...words.slice(0, count), words.slice(count).join('|')];
    });
}

function time<Key extends string>(key: Key, text: string): { readonly [K in Key]?: number } {
  return (/^\d+(\.\d+)?$/.test(text) && Number(text) > 0 ? { [key]: Number(text) } : {}) as { [K in Key]?: number };
}

/** "3:0": code and signal. */
function exitCode(text: string): { readonly code?: number; readonly signal?: number } {
  const [code, signal] = text.split(':').map(Number);
  if (code === undefined || signal === undefined || Number.isNaN(code) || Number.isNaN(signal)) return {};
  return { code, signal };
}

function field(line: string, key: string): string | undefined {
  return new RegExp(`(?:^| )${key}=(\\S*)`).exec(line)?.[1];
}

/** A value that may hold blanks: up to the next ` Key=`. */
function longField(line: string, key: string): string | undefined {
  return new RegExp(`(?:^| )${key}=(.*?)(?= [A-Za-z/:]+=|\\s*$)`).exec(line)?.[1]?.trim();
}
