import type { Failure } from '../../domain/failure.ts';
import type { Watchpoint } from './watchpoints.ts';

/** Runs that ended for one reason. */
export interface EndedBadly {
  readonly names: readonly string[];
  readonly failure: Failure;
  /** When the last of them ended, in milliseconds. */
  readonly at: number;
}

/** Runs that ran out of memory, as a danger for those that follow with the same settings. It is over when the worker forgets the ends. */
export function outOfMemoryPoint({ names, failure }: EndedBadly): Watchpoint {
  const last = names.at(-1) ?? 'A run';
  const who = names.length === 1 ? last : `${last} and ${names.length - 1} more`;
  return {
    key: `oom ${failure.signature}`,
    isBad: true,
    isGood: false,
    message: `${who} ran out of memory: ${failure.message.replace(/[.\s]*$/, '.')}`,
    hint: 'A smaller batch, or fewer runs on one device, makes room; “Relaunch With Edit…” of a sweep halves batch_size for all that failed so.',
  };
}
