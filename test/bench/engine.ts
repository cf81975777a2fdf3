// Training steps against PyTorch and libraries in JavaScript: the same networks, starting values, batches and optimizer, turn by turn.
// Options: --rounds N (at most, default 15), --only ID of a subject, --threads 1,2, --compile or --no-compile (torch.compile takes half a minute for each
// network; a whole run has it, a part of one by default not).
// A run of a part (--only, --threads) prints its table and keeps the report as it is.
import os from 'node:os';
import { parseArgs } from 'node:util';
import {
  boundOf,
  javascriptBoundOf,
  type Limits,
  measureJavascript,
  measureProducts,
  measureSteps,
} from './engine/measure.ts';
import { prepare } from './engine/ours.ts';
import { productSets } from './engine/products.ts';
import { smallSubjects, subjects } from './engine/subjects.ts';
import { type Row, showReport, writeReport } from './report.ts';

/** Above this load average the processors are shared with other programs, and a median says little. */
const QUIET_LOAD = 1;
const loadBefore = os.loadavg()[0]!;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    only: { type: 'string' },
    threads: { type: 'string' },
    compile: { type: 'boolean' },
  },
  allowNegative: true,
});

const partial = options.only !== undefined || options.threads !== undefined;
const limits: Limits = { rounds: Number(options.rounds), compile: options.compile ?? !partial };
const started = performance.now();
const rows: Row[] = [];
const bounds: string[] = [];
const profiles: string[] = [];
const wanted = (id: string) => options.only === undefined || id === options.only;
for (const threads of threadCounts()) {
  for (const subject of subjects.filter(({ id }) => wanted(id))) {
    const { rows: steps, profile } = await measureSteps(prepare(subject), threads, limits);
    rows.push(...steps);
    if (profile !== undefined) profiles.push(profile);
    const set = productSets.find((each) => each.subject === subject.id);
    if (set !== undefined) {
      const products = await measureProducts(set, threads, limits);
      rows.push(products.row);
      bounds.push(boundOf(steps[0]!, products));
    }
    // After each, so that a run that is broken off leaves what it measured.
    report();
  }
}
for (const subject of [subjects[0]!, ...smallSubjects].filter(({ id }) => wanted(id))) {
  const against = await measureJavascript(prepare(subject), limits);
  rows.push(...against);
  const set = productSets.find((each) => each.subject === subject.id);
  if (set !== undefined) bounds.push(...against.flatMap((row) => javascriptBoundOf(row, set)));
  report();
}

function report(): void {
  const minutes = ((performance.now() - started) / 60_000).toFixed(1);
  (partial ? showReport : writeReport)('engine', rows, [
    'One training step (forward, backward, AdamW with decay) in milliseconds, with one thread of processor time, with two by the clock: medians of turns of a few tenths of a second to three that alternate between both sides. ' +
      'Ours makes the steps as a run on the CPU does: gradients by ONNX Runtime, the update by its own program. The losses of the first turn agree on both sides, so the networks are the same.',
    'Rows named "best" are against the fastest setting of PyTorch that was measured, whichever it is, and have the goal. pip’s PyTorch uses oneMKL, which takes a ' +
      'slow path on some AMD processors; "fast path of oneMKL" lifts that with a preloaded library, so that it does about as well as on Intel. ' +
      (limits.compile
        ? 'torch.compile was measured too, with the first turn, in which it compiles, left out.'
        : 'torch.compile was not measured; `--compile` adds it.'),
    ...(loadBefore <= QUIET_LOAD
      ? []
      : [
          `Not a quiet machine: the load was ${loadBefore.toFixed(1)} before the start, so these figures are no claim.`,
        ]),
    ...(profiles.length === 0
      ? []
      : [`Where the time goes of what misses its goal (operator, share of all kernels, nodes): ${profiles.join(' ')}`]),
    ...(bounds.length === 0 ? [] : [`How far the goal can be reached on this processor: ${bounds.join(' ')}`]),
    `Measured in ${minutes} minutes.`,
  ]);
}

function threadCounts(): readonly number[] {
  if (options.threads !== undefined) return options.threads.split(',').map(Number);
  return os.availableParallelism() >= 2 ? [1, 2] : [1];
}
