// Shows runs in the terminal until they end.
import { seconds } from '../setup/step.mjs';
import { trainyard } from './cli.mjs';

const POLL_MS = 2000;
const QUIET_MS = 15_000;
const ACTIVE = new Set(['queued', 'starting', 'running', 'stopping']);

/** @typedef {{ id: string, name: string, folder: string }} Followed */
/** @typedef {import('../../src/domain/run.ts').RunSummary} RunSummary */

/**
 * Prints the runs' progress until all have ended, and gives them as they ended.
 * @param {readonly Followed[]} followed
 * @returns {Promise<RunSummary[]>}
 */
export async function followRuns(followed) {
  const show = process.stdout.isTTY ? inPlace() : lineByLine();
  for (;;) {
    const runs = await currentRuns(followed);
    show(runs);
    if (runs.every((run) => !ACTIVE.has(run.status))) return runs;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** @param {readonly Followed[]} followed @returns {Promise<RunSummary[]>} */
async function currentRuns(followed) {
  const folder = followed[0]?.folder ?? '.';
  const { runs } = await trainyard(['runs', '--folder', folder], folder);
  return followed.map(({ id, name }) => {
    const run = runs.find((/** @type {RunSummary} */ candidate) => candidate.id === id);
    if (run === undefined) throw new Error(`The run ${name} (${id}) is no longer listed.`);
    return run;
  });
}

/**
 * `meanflow-1   running  training 1200/4500, 31 s left  loss 0.41`
 * @param {RunSummary} run
 */
function describe(run) {
  const parts = [run.name.padEnd(14), run.status.padEnd(9)];
  const { progress } = run;
  if (run.status === 'queued' || !ACTIVE.has(run.status)) parts.push(run.statusReason);
  else if (progress !== undefined) parts.push(describeProgress(progress));
  const metrics = run.metrics.slice(0, 3).map(({ tag, value }) => `${tag} ${formatValue(value)}`);
  return [...parts, ...metrics].filter((part) => part !== '').join('  ');
}

/** @param {NonNullable<RunSummary['progress']>} progress */
function describeProgress({ step, totalSteps, phase, secondsPerStep }) {
  const count = totalSteps === undefined ? `step ${step}` : `step ${step} of ${totalSteps}`;
  const left =
    totalSteps === undefined || secondsPerStep === undefined
      ? ''
      : `, ${seconds((totalSteps - step) * secondsPerStep * 1000)} left`;
  return `${phase ?? ''} ${count}${left}`.trim();
}

/** @param {number | string} value numbers that JSON cannot hold arrive as text */
export function formatValue(value) {
  return typeof value === 'number' ? String(Number(value.toPrecision(4))) : value;
}

/** A terminal: the lines are drawn over the last ones. */
function inPlace() {
  let drawn = 0;
  return (/** @type {readonly RunSummary[]} */ runs) => {
    const lines = runs.map(describe);
    const width = Math.max(20, process.stdout.columns ?? 80) - 1;
    const up = drawn > 0 ? `\x1b[${drawn}A` : '';
    process.stdout.write(`${up}${lines.map((line) => `\x1b[2K${line.slice(0, width)}\n`).join('')}`);
    drawn = lines.length;
  };
}

/** A file or pipe: a line when a run's state changes, and now and then while it works. */
function lineByLine() {
  /** @type {Map<string, { status: string, at: number }>} */
  const last = new Map();
  return (/** @type {readonly RunSummary[]} */ runs) => {
    for (const run of runs) {
      const before = last.get(run.id);
      const works = ACTIVE.has(run.status) && run.status !== 'queued';
      const isNews = before?.status !== run.status || (works && Date.now() - before.at >= QUIET_MS);
      if (!isNews) continue;
      console.log(describe(run));
      last.set(run.id, { status: run.status, at: Date.now() });
    }
  };
}

/**
 * Prints how the runs ended, with the last value of every metric. True when one did not finish.
 * @param {readonly RunSummary[]} runs
 * @returns {Promise<boolean>}
 */
export async function printResults(runs) {
  for (const run of runs) {
    const took =
      run.startedAt === undefined || run.endedAt === undefined
        ? ''
        : ` in ${seconds((run.endedAt - run.startedAt) * 1000)}`;
    console.log(`\n${run.name}: ${run.status}${took} (${run.statusReason})\n  ${run.path}`);
    const { series } = await trainyard(['metrics', run.id, '--folder', run.root], run.root);
    for (const { tag, kind, lastValue, lastStep } of series) {
      if (kind !== 'scalar') continue;
      console.log(`  ${tag.padEnd(28)} ${String(formatValue(lastValue)).padStart(10)}  at step ${lastStep}`);
    }
  }
  return runs.some((run) => run.status !== 'finished');
}
