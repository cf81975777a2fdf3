// Opens a workspace in a worker of this process, as a window does, and prints what that took. Arguments: folder, home, runs, "cold" or "warm".
import { mkdirSync } from 'node:fs';
import os from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { greetWorker } from '../../../src/client/handshake.ts';
import { workerPaths } from '../../../src/protocol/paths.ts';
import { findInstallation } from '../../../src/worker/installation.ts';
import { Worker } from '../../../src/worker/worker.ts';

/** What one opening of a workspace took. */
export interface Opening {
  /** From the start of the worker until `folder.open` had answered. */
  readonly openedMs: number;
  readonly listed: number;
  /** Until every run had been read, or, of a known workspace, every folder looked at. */
  readonly wholeMs: number;
  readonly points: number;
  /** Resident memory of the whole process, in MB: client, worker and reader threads. */
  readonly memoryMb: number;
  /** Processor time of all threads while nothing happened, in percent of one core. */
  readonly idlePercent: number | null;
}

const [folder, home, runs, mode] = process.argv.slice(2) as [string, string, string, 'cold' | 'warm'];
const idleMs = Number(process.env['TRAINYARD_BENCH_IDLE_MS'] ?? 20_000);

const begin = performance.now();
mkdirSync(home, { recursive: true });
const paths = workerPaths({
  platform: process.platform,
  home,
  temporary: os.tmpdir(),
  uid: process.getuid?.() ?? 0,
  env: { TRAINYARD_HOME: home },
});
const worker = new Worker({ paths, installation: findInstallation(home), idleMs: 3_600_000, onEnd: () => {} });
await worker.start();
const client = await greetWorker(paths, { client: 'extension', version: '0.0.0' });
const opened = await client!.call('folder.open', { folder, trusted: true });
const openedMs = performance.now() - begin;
// A walk that is under way is waited for, not begun again.
while (worker.folders.walkedAt(folder) === undefined) await delay(2);
if (mode === 'cold') await worker.monitor.settled(600_000);
const wholeMs = performance.now() - begin;
worker.catalog.flush();
const known = [...worker.catalog.all()];
if (known.length !== Number(runs)) throw new Error(`${known.length} runs were found, not ${runs}.`);
let points = 0;
if (mode === 'cold')
  for (const run of known) {
    for (const { info } of run.series.values()) points += info.count;
    run.unload();
  }
let idlePercent: number | null = null;
if (idleMs > 0) {
  await delay(mode === 'warm' ? idleMs : 3_000);
  if (mode === 'warm') {
    const before = process.cpuUsage();
    const from = performance.now();
    await delay(idleMs);
    const { user, system } = process.cpuUsage(before);
    idlePercent = (user + system) / 10 / (performance.now() - from);
  }
}
const opening: Opening = {
  openedMs,
  listed: opened.runs.length,
  wholeMs,
  points,
  memoryMb: process.memoryUsage.rss() / 1e6,
  idlePercent,
};
console.log(JSON.stringify(opening));
client!.dispose();
worker.dispose();
process.exit(0);
