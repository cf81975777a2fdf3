import type { JsonObject } from '../../../domain/json.ts';
import { compareSettings, type JobWords } from './jobWords.ts';

/** A job that was at work when a place began to be written. */
export interface Candidate<J> {
  readonly job: J;
  /** Its processes have, or had, the place's file open for writing; `steady` where that was seen time after time, as of programs that do not open it for every row. */
  readonly open: 'never' | 'seen' | 'steady';
  readonly words: JobWords;
  /** What the place keeps of its program is the job's: the id of its run, or the command line. */
  readonly recorded?: 'id' | 'command' | undefined;
}

/** What is known of a place that appeared. */
export interface Appeared {
  /** What its tracker calls the run. */
  readonly names: readonly string[];
  readonly config: JsonObject | undefined;
  /** Other runs lie in the same file, so that who has it open may write any of them. */
  readonly isShared: boolean;
}

/** Whose it is, and by what: the id of the job's run in its record, files that are open, the command line, the run's name, its settings; or that no other job was at work (`time`), the weakest evidence. */
export interface Owner<J> {
  readonly job: J;
  readonly by: 'id' | 'open' | 'command' | 'name' | 'settings' | 'time';
}

/** Whose a place is that appeared while these jobs were at work; undefined where that cannot be told. */
export function ownerOf<J>(place: Appeared, candidates: readonly Candidate<J>[]): Owner<J> | undefined {
  const marked = candidates.filter(({ recorded }) => recorded === 'id');
  if (marked.length === 1) return { job: marked[0]!.job, by: 'id' };
  const opening = candidates.filter(({ open }) => open !== 'never');
  if (opening.length === 1 && !place.isShared) return { job: opening[0]!.job, by: 'open' };
  const pool = opening.length > 0 && !place.isShared ? opening : candidates;
  const commanded = pool.filter(({ recorded }) => recorded === 'command');
  if (commanded.length === 1) return { job: commanded[0]!.job, by: 'command' };
  const named = pool.filter(({ words }) => place.names.some((name) => words.names.has(name)));
  if (named.length === 1) return { job: named[0]!.job, by: 'name' };
  const fitting = bySettings(place.config, named.length > 0 ? named : pool);
  if (fitting !== undefined) return { job: fitting.job, by: 'settings' };
  // Who was seen with a shared file by chance may not be the only one who opens it now and then.
  if (opening.length === 1 && opening[0]!.open === 'steady') return { job: opening[0]!.job, by: 'open' };
  return pool.length === 1 ? { job: pool[0]!.job, by: 'time' } : undefined;
}

/** The one whose settings the configuration contradicts least, where it repeats some of them. A job that is alone must not be contradicted at all. */
function bySettings<J>(config: JsonObject | undefined, pool: readonly Candidate<J>[]): Candidate<J> | undefined {
  if (config === undefined) return undefined;
  const compared = pool.map((candidate) => ({ candidate, ...compareSettings(candidate.words, config) }));
  const [best, next] = compared.sort((a, b) => a.other - b.other);
  if (best === undefined || best.same === 0) return undefined;
  return best.other < (next?.other ?? 1) ? best.candidate : undefined;
}
