import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { FoundRun, PollResult, ReaderCursor, RunFacts, ScalarBatch } from '../../../../src/domain/records.ts';
import type { RunReader } from '../../../../src/readers/format.ts';

/**
 * A stand-in for the reader of any tracker, for tests of what stands above readers: lines `tag step value` or `!system step value`, and `{…}` for facts, in the
 * file `log.txt` of the run's folder. It reads so many bytes at once as it may, and resets when the file shrinks.
 */
export class PlainLogReader implements RunReader {
  readonly #file: string;
  disposed = false;

  constructor(run: FoundRun) {
    this.#file = path.join(run.path, 'log.txt');
  }

  async poll(cursor: ReaderCursor | undefined, { maxBytes }: { maxBytes: number }): Promise<PollResult> {
    if (!existsSync(this.#file)) throw new Error(`There is no ${this.#file}.`);
    const size = statSync(this.#file).size;
    const known = typeof cursor === 'number' ? cursor : 0;
    const reset = known > size;
    const from = reset ? 0 : known;
    const text = readFileSync(this.#file)
      .subarray(from, from + maxBytes)
      .toString('latin1');
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    const rows = new Map<string, number[][]>();
    let facts: RunFacts = {};
    for (const line of whole.split('\n').filter((each) => each !== '')) {
      if (line.startsWith('{')) facts = { ...facts, ...(JSON.parse(line) as RunFacts) };
      else {
        const [tag, step, value] = line.split(' ');
        rows.set(tag!, [...(rows.get(tag!) ?? []), [Number(step), Number(value)]]);
      }
    }
    const next = from + whole.length;
    return {
      cursor: next,
      reset,
      more: next < size && text.length === maxBytes,
      facts,
      scalars: [...rows].map(([tag, pairs]) => toBatch(tag, pairs)),
      media: [],
      problems: whole.includes('bad') ? [{ file: 'log.txt', message: 'It is bad.' }] : [],
    };
  }

  dispose(): void {
    this.disposed = true;
  }
}

function toBatch(tag: string, pairs: readonly number[][]): ScalarBatch {
  const column = (at: number) => Float64Array.from(pairs, (pair) => pair[at]!);
  return {
    tag,
    steps: column(0),
    wallTimes: column(0),
    values: column(1),
    ...(tag.startsWith('!') ? { system: true } : {}),
  };
}
