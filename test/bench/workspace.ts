// What opening a workspace costs: a thousand and ten thousand runs of several trackers, unknown and known, the memory of the worker, idling.
// There is no peer that reads them all, so each row is held against its own limit. Run it on a quiet machine: npm run bench:workspace.
// TRAINYARD_BENCH_RUNS=1000 measures one of the sizes, TRAINYARD_BENCH_ROUNDS=1 once only; TRAINYARD_BENCH_CORPUS=FOLDER keeps the workspaces (0.9 and 8.4 GB) for the next time.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { buildWorker, WorkerHome } from '../unit/worker/bundledWorker.ts';
import { limited, median, type Row, writeReport } from './report.ts';
import { makeRuns } from './workspace/makeRuns.ts';
import { countValues, type Opening, openWorkspace } from './workspace/opening.ts';

interface Limits {
  readonly coldSeconds: number;
  readonly warmSeconds: number;
}

const size = { tags: 20, steps: 1000 };
/** The limits are those of a machine with two cores. */
const cores = 2;
const limits: { readonly [runs: number]: Limits } = {
  1000: { coldSeconds: 5, warmSeconds: 0.3 },
  10000: { coldSeconds: 30, warmSeconds: 1 },
};
const chosen = process.env['TRAINYARD_BENCH_RUNS'];
const rounds = Number(process.env['TRAINYARD_BENCH_ROUNDS'] ?? 3);

const bundles = await buildWorker();
const rows: Row[] = [];
for (const runs of Object.keys(limits).map(Number))
  if (chosen === undefined || Number(chosen) === runs) rows.push(...(await rowsOf(runs, limits[runs]!)));
bundles.remove();
writeReport('workspace', rows, [
  `Runs have ${size.tags} tags × ${size.steps} points: of ten, four are event files, two W&B logs, two Lightning CSV logs with hyperparameters, one JSON lines and one a run in a Trackio database of fifty. Their files are in the disk cache.`,
  'The worker is the bundled one in a process of its own, asked over its socket as a window asks. Cold: it has no database, and the time runs from the call of folder.open until every run was found, read to its end and told. Warm: a new worker on the database of the cold one; the time is that of folder.open until its answer lists all runs. Its start, from the start of the process until it answers, is a row of its own. Medians.',
  'Of a run that nobody looks at the figures of its series are kept, every value counted; its points are read again from its files when somebody asks for them. Memory is the resident set of the process with its reader threads. Idling is the processor time of all its threads.',
]);

async function rowsOf(runs: number, { coldSeconds, warmSeconds }: Limits): Promise<readonly Row[]> {
  const root = mkdtempSync(path.join(os.tmpdir(), 'bench-workspace-'));
  const cold: Opening[] = [];
  const warm: Opening[] = [];
  try {
    const folder = workspaceOf(runs, root);
    for (let round = 0; round < rounds; round++) {
      const home = new WorkerHome();
      try {
        cold.push(await openWorkspace(home, bundles.file, folder, runs, false));
        warm.push(await openWorkspace(home, bundles.file, folder, runs, round === 0));
        if (round === 0) await checkValues(home, folder);
      } finally {
        home.end();
      }
      console.error(JSON.stringify([cold.at(-1), warm.at(-1)]));
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  const seconds = (openings: readonly Opening[], key: 'startedMs' | 'openedMs' | 'wholeMs') =>
    rounded(median(openings.map((opening) => opening[key])) / 1000);
  const processor = rounded(median(cold.map(({ processorMs }) => processorMs)) / 1000);
  const row = (name: string, ours: number, unit: string, limit: number) =>
    limited({ name: `${runs} runs: ${name}`, ours, unit, better: 'lower', limit });
  return [
    row('cold, every run read', seconds(cold, 'wholeMs'), 's', coldSeconds),
    row('cold, processor time of all threads', processor, 's', coldSeconds * cores),
    row('warm, every run listed', seconds(warm, 'wholeMs'), 's', warmSeconds),
    row('warm, start of the worker', seconds(warm, 'startedMs'), 's', warmSeconds),
    row(
      'memory right after the cold start',
      rounded(Math.max(...cold.map(({ memoryAtOnceMb }) => memoryAtOnceMb))),
      'MB',
      300,
    ),
    row('memory after the cold start, at rest', rounded(Math.max(...cold.map(({ memoryMb }) => memoryMb))), 'MB', 300),
    row('memory of the warm worker', rounded(Math.max(...warm.map(({ memoryMb }) => memoryMb))), 'MB', 300),
    row('idling', rounded(warm[0]!.idlePercent), '% of a core', 1),
  ];
}

/** A workspace of so many runs: one that was kept, or a new one. */
function workspaceOf(runs: number, root: string): string {
  const kept = process.env['TRAINYARD_BENCH_CORPUS'];
  const folder = path.join(kept ?? root, `workspace-${runs}`);
  const whole = `${folder}.whole`;
  if (existsSync(whole)) return folder;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const counts = makeRuns(folder, runs, size);
  console.error(`${runs} runs: ${[...counts].map(([tracker, count]) => `${count} ${tracker}`).join(', ')}`);
  writeFileSync(whole, '');
  return folder;
}

/** Every run has all its values: a quick answer that leaves some out would be none. */
async function checkValues(home: WorkerHome, folder: string): Promise<void> {
  const counts = await countValues(home, bundles.file, folder);
  const missing = counts.filter((count) => count < size.tags * size.steps).length;
  if (missing > 0) throw new Error(`${missing} of ${counts.length} runs lack values.`);
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
