import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import type { FoundRun, MediaRecord, PollResult, ReaderCursor, RunFacts } from '../../../../src/domain/records.ts';
import type { RunFormat, RunReader } from '../../../../src/readers/format.ts';

/** All that polls have told of a run, in plain arrays that `assert.deepEqual` compares. */
export interface ReadRows {
  readonly scalars: {
    readonly [tag: string]: { readonly steps: number[]; readonly wallTimes: number[]; readonly values: number[] };
  };
  readonly media: readonly MediaRecord[];
  readonly facts: RunFacts;
}

/** Gathers polls as the worker does: after a reset, what was told before is void. */
export class Gatherer {
  // A tag may be called toString.
  #scalars = new Map<string, { steps: number[]; wallTimes: number[]; values: number[] }>();
  #media: MediaRecord[] = [];
  #facts: RunFacts = {};
  readonly problems: PollResult['problems'][number][] = [];
  resets = 0;

  take({ reset, scalars, media, facts, problems }: PollResult): void {
    if (reset) {
      this.resets++;
      [this.#scalars, this.#media, this.#facts] = [new Map(), [], {}];
      this.problems.length = 0;
    }
    for (const { tag, steps, wallTimes, values } of scalars) {
      const rows = this.#scalars.get(tag) ?? { steps: [], wallTimes: [], values: [] };
      this.#scalars.set(tag, rows);
      rows.steps.push(...steps);
      rows.wallTimes.push(...wallTimes);
      rows.values.push(...values);
    }
    this.#media.push(...media);
    this.#facts = { ...this.#facts, ...facts };
    this.problems.push(...problems);
  }

  get rows(): ReadRows {
    return { scalars: Object.fromEntries(this.#scalars), media: this.#media, facts: this.#facts };
  }
}

/** Polls until the reader has no more to tell; gives back the cursor after a trip through JSON, as the database keeps it. */
export async function pollAll(
  reader: RunReader,
  gatherer: Gatherer,
  from?: ReaderCursor,
  maxBytes = 1 << 20,
): Promise<ReaderCursor> {
  let cursor = from;
  for (let polls = 0; ; polls++) {
    assert.ok(polls < 100_000, 'The reader says again and again that there is more.');
    const polled = await reader.poll(cursor, { maxBytes });
    gatherer.take(polled);
    cursor = JSON.parse(JSON.stringify(polled.cursor)) as ReaderCursor;
    if (!polled.more) return cursor;
  }
}

export interface CutsCase {
  readonly format: RunFormat;
  /** The whole files by path relative to the run's folder, in the order in which they grow. */
  readonly files: { readonly [name: string]: Uint8Array };
  /** The run as it is found once the files lie in `folder`. */
  readonly run: (folder: string) => FoundRun;
  /** An empty folder; it is emptied before each try. */
  readonly folder: string;
  /** What of the rows must agree: facts that depend on the clock are best left out. Without it, scalars and media. */
  readonly compare?: (rows: ReadRows) => unknown;
  readonly runs?: number;
}

/**
 * The property that every format has: however the bytes arrive, in whatever pieces, polled by one reader or by a new one that goes on from a kept cursor,
 * with whatever budget, the rows are those of the whole files read at once. A reader may reset on the way, as one must whose file is written anew.
 */
export async function assertAnyCut({
  format,
  files,
  run,
  folder,
  compare = rowsOnly,
  runs = 40,
}: CutsCase): Promise<void> {
  const names = Object.keys(files);
  const total = names.reduce((sum, name) => sum + files[name]!.length, 0);
  refill(folder, files, total);
  const whole = new Gatherer();
  const once = format.open(run(folder));
  await pollAll(once, whole).finally(() => once.dispose());
  const expected = compare(whole.rows);
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.integer({ min: 0, max: total }), { maxLength: 8 }),
      fc.integer({ min: 1, max: 4096 }),
      fc.boolean(),
      async (cuts, maxBytes, isRenewed) => {
        refill(folder, files, 0);
        const gatherer = new Gatherer();
        let reader = format.open(run(folder));
        let cursor: ReaderCursor | undefined;
        try {
          for (const cut of [...cuts.toSorted((a, b) => a - b), total]) {
            grow(folder, files, cut);
            cursor = await pollAll(reader, gatherer, cursor, maxBytes);
            if (!isRenewed) continue;
            reader.dispose();
            reader = format.open(run(folder));
          }
        } finally {
          reader.dispose();
        }
        assert.deepEqual(compare(gatherer.rows), expected);
      },
    ),
    { numRuns: runs },
  );
}

function rowsOnly({ scalars, media }: ReadRows): unknown {
  return { scalars, media };
}

function refill(folder: string, files: CutsCase['files'], upTo: number): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const [first] = Object.keys(files);
  // A run is found by its first file, so that one is there from the start.
  if (first !== undefined) {
    mkdirSync(path.dirname(path.join(folder, first)), { recursive: true });
    writeFileSync(path.join(folder, first), '');
  }
  grow(folder, files, upTo);
}

/** Appends, as a writer does it, until so many bytes are there in all: the files stay the same ones. */
function grow(folder: string, files: CutsCase['files'], upTo: number): void {
  let left = upTo;
  for (const [name, bytes] of Object.entries(files)) {
    const wanted = Math.min(left, bytes.length);
    left -= wanted;
    const file = path.join(folder, name);
    const present = statSync(file, { throwIfNoEntry: false })?.size ?? -1;
    if (present >= wanted || (present < 0 && wanted === 0)) continue;
    mkdirSync(path.dirname(file), { recursive: true });
    appendFileSync(file, bytes.subarray(Math.max(0, present), wanted));
  }
}
