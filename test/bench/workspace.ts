// What opening a workspace costs: a thousand and ten thousand runs of several trackers, unknown and known, the memory of the worker, idling.
// There is no peer that reads them all, so each row is held against its own limit. Run it on a quiet machine: npm run bench:workspace.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { limited, median, type Row, writeReport } from './report.ts';
import { makeRuns } from './workspace/makeRuns.ts';
import type { Opening } from './workspace/measure.ts';

interface Limits {
  readonly coldSeconds: number;
  readonly warmSeconds: number;
}

const size = { tags: 20, steps: 1000 };
/** By the number of runs. `TRAINYARD_BENCH_RUNS=1000` measures that row alone. */
const limits: { readonly [runs: number]: Limits } = {
  1000: { coldSeconds: 5, warmSeconds: 0.3 },
  10000: { coldSeconds: 30, warmSeconds: 1 },
};
const chosen = process.env['TRAINYARD_BENCH_RUNS'];
const rounds = Number(process.env['TRAINYARD_BENCH_ROUNDS'] ?? 3);

const rows: Row[] = [];
for (const runs of Object.keys(limits).map(Number))
  if (chosen === undefined || Number(chosen) === runs) rows.push(...(await rowsOf(runs, limits[runs]!)));
writeReport('workspace', rows, [
  `Runs have ${size.tags} tags × ${size.steps} points: of ten, four are event files, two W&B logs, two Lightning CSV logs with hyperparameters, one JSON lines and one a run in a Trackio database of fifty. Their files are in the disk cache.`,
  'Cold: a worker without a database starts, and every run is found, read to its end, and its figures are in the list and in the database. Warm: a worker starts on the database of the cold one; listed is the answer of folder.open, walked the end of the walk behind it. Each in a fresh process, its start left out; medians.',
  'Memory is the resident set of the process with worker, reader threads and a client. Idling is the processor time of all its threads.',
]);

async function rowsOf(runs: number, { coldSeconds, warmSeconds }: Limits): Promise<readonly Row[]> {
  const root = mkdtempSync(path.join(os.tmpdir(), 'bench-workspace-'));
  try {
    const folder = path.join(root, 'workspace');
    const counts = makeRuns(folder, runs, size);
    console.error(`${runs} runs: ${[...counts].map(([tracker, count]) => `${count} ${tracker}`).join(', ')}`);
    const cold: Opening[] = [];
    const warm: Opening[] = [];
    for (let round = 0; round < rounds; round++) {
      const home = path.join(root, `home-${round}`);
      cold.push(await measure(folder, home, runs, 'cold', round === 0));
      warm.push(await measure(folder, home, runs, 'warm', round === 0));
    }
    if (cold.some(({ points }) => points < runs * size.tags * size.steps)) throw new Error('Points are missing.');
    const seconds = (openings: readonly Opening[], key: 'openedMs' | 'wholeMs') =>
      rounded(median(openings.map((opening) => opening[key])) / 1000);
    const row = (name: string, ours: number, unit: string, limit: number) =>
      limited({ name: `${runs} runs: ${name}`, ours, unit, better: 'lower', limit });
    return [
      row('cold, indexed', seconds(cold, 'wholeMs'), 's', coldSeconds),
      row('warm, listed', seconds(warm, 'openedMs'), 's', warmSeconds),
      row('warm, walked', seconds(warm, 'wholeMs'), 's', warmSeconds),
      row('memory after indexing', rounded(cold[0]!.memoryMb), 'MB', 300),
      row('memory of a warm worker', rounded(warm[0]!.memoryMb), 'MB', 300),
      row('idling', rounded(warm[0]!.idlePercent ?? Number.NaN), '% of a core', 1),
    ];
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** In a process of its own, so that neither memory nor caches of what came before count. */
function measure(folder: string, home: string, runs: number, mode: 'cold' | 'warm', idles: boolean): Promise<Opening> {
  const file = path.join(import.meta.dirname, 'workspace/measure.ts');
  const env = { ...process.env, ...(idles ? {} : { TRAINYARD_BENCH_IDLE_MS: '0' }) };
  const child = spawn(process.execPath, [file, folder, home, String(runs), mode], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    let output = '';
    child.stdout.on('data', (text: Buffer) => {
      output += text.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(output.trim().split('\n').at(-1)!) as Opening);
      else reject(new Error(`The measured process ended with ${code}.`));
    });
  });
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
