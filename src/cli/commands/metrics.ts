import { AppError } from '../../base/errors.ts';
import type { WorkerLink } from '../../client/index.ts';
import type { RunDetail } from '../../domain/run.ts';
import { parseArguments, UsageError, wholeNumber } from '../arguments.ts';
import { exitCodes } from '../exitCodes.ts';
import { findRun } from '../findRun.ts';
import { print, printJson, printTable, shortNumber } from '../output.ts';
import { withWorker } from '../workerConnection.ts';
import { commonOptions, folderOf, printHelp } from './common.ts';

const help = `trainyard metrics RUN [TAG …] [--from N] [--count N] [--folder FOLDER] [--json]

Without tags: every series of a run with its figures. With tags: their exact points in the order of the file,
as CSV (tag, step, wall time, value) or JSON. --from and --count choose a part (default: everything).`;

/** Points asked for at once. */
const pageSize = 100_000;

/** `trainyard metrics RUN [TAG …]`. */
export async function runMetrics(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArguments(args, {
    ...commonOptions,
    from: { type: 'string' },
    count: { type: 'string' },
  });
  if (values.help === true) return printHelp(help);
  const [wanted, ...tags] = positionals;
  if (wanted === undefined) throw new UsageError('Give the name or id of a run.');
  const from = wholeNumber(values.from, 'from', 0);
  const count = wholeNumber(values.count, 'count', Number.MAX_SAFE_INTEGER);
  return withWorker(async (worker) => {
    const run = await worker.call('runs.get', { runId: (await findRun(worker, folderOf(values), wanted)).id });
    if (tags.length === 0) return printSeries(run, values.json === true);
    const unknown = tags.find((tag) => !run.series.some((series) => series.tag === tag && series.kind === 'scalar'));
    if (unknown !== undefined) throw noSeries(run, unknown);
    if (values.json === true)
      printJson({ run: { id: run.id, name: run.name }, series: await readAll(worker, run, tags, from, count) });
    else await printCsv(worker, run, tags, from, count);
    return exitCodes.done;
  });
}

function printSeries(run: RunDetail, json: boolean): number {
  if (json) printJson({ run: { id: run.id, name: run.name }, series: run.series });
  else {
    const rows = run.series.map(({ tag, kind, count, lastStep, lastValue, min, max }) => [
      tag,
      kind,
      String(count),
      String(lastStep),
      shortNumber(lastValue),
      shortNumber(min),
      shortNumber(max),
    ]);
    printTable(['tag', 'kind', 'count', 'last step', 'last', 'min', 'max'], rows);
  }
  return exitCodes.done;
}

type Point = readonly [step: number, wallTime: number, value: number];

async function readAll(
  worker: WorkerLink,
  run: RunDetail,
  tags: readonly string[],
  from: number,
  count: number,
): Promise<readonly unknown[]> {
  const series: { tag: string; points: Point[] }[] = [];
  for (const tag of tags) {
    const points: Point[] = [];
    for await (const page of pages(worker, run, tag, from, count)) points.push(...page);
    series.push({ tag, points });
  }
  return series;
}

async function printCsv(
  worker: WorkerLink,
  run: RunDetail,
  tags: readonly string[],
  from: number,
  count: number,
): Promise<void> {
  print('tag,step,wall_time,value');
  for (const tag of tags) {
    const name = /[",\n]/.test(tag) ? `"${tag.replaceAll('"', '""')}"` : tag;
    for await (const page of pages(worker, run, tag, from, count)) {
      if (page.length > 0)
        print(page.map(([step, wallTime, value]) => `${name},${step},${wallTime},${value}`).join('\n'));
    }
  }
}

async function* pages(
  worker: WorkerLink,
  run: RunDetail,
  tag: string,
  from: number,
  count: number,
): AsyncGenerator<readonly Point[]> {
  for (let at = from, left = count; left > 0; ) {
    const { steps, wallTimes, values, total } = await worker.call('series.points', {
      runId: run.id,
      tag,
      from: at,
      count: Math.min(left, pageSize),
    });
    yield Array.from(values, (value, index): Point => [steps[index]!, wallTimes[index]!, value]);
    at += values.length;
    left -= values.length;
    if (values.length === 0 || at >= total) return;
  }
}

function noSeries(run: RunDetail, tag: string): AppError {
  const known = run.series.filter(({ kind }) => kind === 'scalar').map((series) => series.tag);
  const hint =
    known.length === 0
      ? 'It has no scalars.'
      : `It has ${known.slice(0, 8).join(', ')}${known.length > 8 ? ', …' : ''}.`;
  return new AppError('not-found', `${run.name} has no scalar series "${tag}".`, { hint });
}
