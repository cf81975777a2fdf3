import type { ExitFile } from '../../domain/runDirectory.ts';
import { codeAfterTerm, type SlurmJob } from './slurmJob.ts';
import { firstWord, meaningOf } from './states.ts';
import type { JobRow } from './texts.ts';

/** An end as SLURM tells it, in the form of exit.json. */
export interface SlurmEnd extends Pick<ExitFile, 'code' | 'signal'> {
  /** SLURM's word for it, with its reason; absent where all is well. */
  readonly error?: string;
  readonly stopRequested: boolean;
  readonly endedAt?: number;
  /** The batch script came to its own end, so that it has left its own word, where it is ours. */
  readonly endedByItself: boolean;
}

/**
 * How a job ended: by what the accounts or the controller say, else by the rows of the queue. Undefined while any of it goes on.
 * `known` may lag behind the queue by a second, so a state in it that is no end counts only where the queue names none either.
 */
export function endFrom(job: SlurmJob, known: readonly JobRow[]): SlurmEnd | undefined {
  const isOver = (rows: readonly JobRow[]) =>
    rows.length > 0 && rows.every(({ state }) => meaningOf(state).phase === 'ended');
  if (isOver(known)) return describe(job, merged(job.rows, known));
  return job.missingSince === undefined && isOver(job.rows) ? describe(job, job.rows) : undefined;
}

/** SLURM's word, where it tells more than the exit code does. */
export function reasonBeyondCode({ error }: SlurmEnd): string | undefined {
  const state = /: ([A-Z_]+)/.exec(error ?? '')?.[1] ?? '';
  return meaningOf(state).sentence === undefined ? undefined : error;
}

function describe(job: SlurmJob, rows: readonly JobRow[]): SlurmEnd {
  const worst = rows.find(({ state }) => firstWord(state) !== 'COMPLETED') ?? rows[0]!;
  const word = firstWord(worst.state);
  const ends = rows.flatMap(({ end }) => (end === undefined ? [] : [end]));
  const endedAt = ends.length === 0 ? {} : { endedAt: Math.max(...ends) };
  if (word === 'COMPLETED') {
    return { code: 0, signal: null, stopRequested: false, endedByItself: true, ...endedAt };
  }
  const isOrphan = /Dependency/.test(worst.reason);
  const isAnswer = word === 'FAILED' || word === 'OUT_OF_MEMORY';
  return {
    ...codeOf(job, worst, isAnswer),
    error: sentence(worst, word, isOrphan, rows.length),
    // Whoever cancels a job in SLURM wants it to stop; a dependency that cannot be met is no such wish.
    stopRequested: word === 'CANCELLED' && !isOrphan,
    endedByItself: isAnswer,
    ...endedAt,
  };
}

/** FAILED says with what code or signal; of an end by force only the code after SIGTERM is known, where the script could note it. */
function codeOf(job: SlurmJob, row: JobRow, isAnswer: boolean): Pick<ExitFile, 'code' | 'signal'> {
  if (isAnswer && row.signal !== undefined && row.signal > 0) return { code: 128 + row.signal, signal: null };
  if (isAnswer) return { code: row.code === undefined || row.code === 0 ? 1 : row.code, signal: null };
  return { code: codeAfterTerm(job.place.directory) ?? 143, signal: null };
}

function sentence(row: JobRow, word: string, isOrphan: boolean, count: number): string {
  const by = /by (\d+)/.exec(row.state)?.[1];
  const which = count > 1 ? ` (1 of ${count} tasks)` : '';
  const more = isOrphan ? 'A job that it was to follow did not end well.' : (meaningOf(word).sentence ?? '');
  return `SLURM ${row.id}: ${word}${by === undefined ? '' : ` by user ${by}`}${which}. ${more}`.trim();
}

/** The reason for a cancelled job stands only in the queue, the exit code only in the history. */
function merged(queued: readonly JobRow[], known: readonly JobRow[]): readonly JobRow[] {
  return known.map((row) => ({ ...row, reason: queued.find(({ id }) => id === row.id)?.reason ?? row.reason }));
}
