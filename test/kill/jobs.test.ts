import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { build } from 'esbuild';
import { bundles } from '../../scripts/build/bundles.mjs';
import { bundleOptions } from '../../scripts/build/options.mjs';
import type { Job } from '../../src/domain/job.ts';
import type { ProcessIdentity } from '../../src/domain/runDirectory.ts';
import { readClaim, readExit, readState } from '../../src/launch/local/jobFiles.ts';
import { isSameProcessAlive, signalGroup } from '../../src/launch/local/processIdentity.ts';
import { openDatabase } from '../../src/store/database.ts';
import { JobTable } from '../../src/store/jobTable.ts';
import { buildWorker, exitOf, killQuietly } from '../unit/worker/bundledWorker.ts';

/** TRAINYARD_KILL_JOBS and TRAINYARD_KILLS make the storm longer (npm run test:kill). */
const jobCount = Number(process.env['TRAINYARD_KILL_JOBS'] ?? 24);
const killCount = Number(process.env['TRAINYARD_KILLS'] ?? 24);
/** TRAINYARD_KILL_ONLY=worker leaves shims and jobs alone (npm run test:local), so that every exit code must be kept. */
const onlyWorkers = process.env['TRAINYARD_KILL_ONLY'] === 'worker';
const slots = ['cpu', 'cuda:0', 'cuda:1', 'cuda:2'] as const;

let product: Awaited<ReturnType<typeof buildWorker>>;
let root: string;
const exitCode = (number: number): number => number % 5;
const nameOf = (number: number): string => `job-${number}`;
const directoryOf = (number: number): string => path.join(root, 'workspace', 'runs', nameOf(number));

before(async () => {
  product = await buildWorker();
  const bundle = { ...bundles().find(({ name }) => name === 'worker')!, entry: 'test/kill/commandWorker.ts' };
  const outfile = path.join(product.folder, 'commandWorker.mjs');
  // Top-level await needs an ES module; what it needs of CommonJS is given back by the banner.
  const banner = {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url); const __dirname = import.meta.dirname, __filename = import.meta.filename;",
  };
  await build({
    ...bundleOptions(bundle, { outfile, production: false }),
    format: 'esm',
    banner,
    define: {},
    sourcemap: false,
    logLevel: 'error',
  });
  root = mkdtempSync(path.join(os.tmpdir(), 'kill-'));
  for (const name of ['home', 'workspace', 'starts']) mkdirSync(path.join(root, name), { mode: 0o700 });
  const commands = Array.from({ length: jobCount }, (_, number) => ({
    requestId: `request-${number}`,
    name: nameOf(number),
    command: [process.execPath, '-e', script(number)],
    cwd: root,
    slot: slots[number % slots.length],
  }));
  writeFileSync(path.join(root, 'commands.json'), JSON.stringify(commands));
});
after(() => {
  for (let number = 0; number < jobCount; number++) endLeftovers(number);
  product.remove();
  rmSync(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
});

test(`${jobCount} jobs while worker, shims and processes are killed ${killCount} times: each starts once, every exit code is kept, no entry is lost`, async () => {
  const killed = await storm();
  await untilAllEnded();
  const jobs = storedJobs();
  assert.equal(jobs.size, jobCount, 'every job is in the queue, once');
  let codes = 0;
  for (let number = 0; number < jobCount; number++) {
    const job = jobs.get(nameOf(number));
    assert.equal(job?.state, 'done', `${nameOf(number)} is ${job?.state}`);
    const starts = startsOf(number);
    const exit = readExit(directoryOf(number));
    if (killed.shims.has(number)) {
      // Whoever would have written the exit code is dead; the job itself must not have run twice.
      assert.ok(starts <= 1, `${nameOf(number)} started ${starts} times`);
      continue;
    }
    assert.equal(
      starts,
      killed.children.has(number) ? Math.min(starts, 1) : 1,
      `${nameOf(number)} started ${starts} times`,
    );
    assert.ok(exit !== undefined, `${nameOf(number)} left no exit.json`);
    if (killed.children.has(number) && exit.signal !== null) assert.equal(exit.signal, 'SIGKILL');
    else {
      assert.deepEqual([exit.code, job.exitCode], [exitCode(number), exitCode(number)], nameOf(number));
      codes++;
    }
  }
  console.log(
    `${killed.workers} workers, ${killed.shims.size} shims and ${killed.children.size} processes killed; ${codes} exit codes kept`,
  );
});

interface Killed {
  workers: number;
  readonly shims: Set<number>;
  readonly children: Set<number>;
}

/** Kills at random moments: mostly the worker, now and then a shim or a job's process. */
async function storm(): Promise<Killed> {
  const killed: Killed = { workers: 0, shims: new Set(), children: new Set() };
  let worker = startWorker();
  for (let count = 0; count < killCount; count++) {
    await delay(20 + Math.random() * 400);
    const victim = onlyWorkers ? 1 : Math.random();
    if (victim < 0.15) await killOne(killed.shims, (directory) => readClaim(directory)?.shim);
    else if (victim < 0.3) await killOne(killed.children, (directory) => readState(directory)?.child);
    else {
      const gone = exitOf(worker);
      worker.kill('SIGKILL');
      await gone;
      killed.workers++;
      worker = startWorker();
    }
  }
  return killed;
}

function startWorker(): ChildProcess {
  const args = [
    path.join(product.folder, 'commandWorker.mjs'),
    path.join(root, 'home'),
    path.join(root, 'workspace'),
    path.join(root, 'commands.json'),
  ];
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  lastWorker = child;
  return child;
}
let lastWorker: ChildProcess;

async function untilAllEnded(): Promise<void> {
  for (;;) {
    const directories = existsSync(path.join(root, 'workspace', 'runs'))
      ? readdirSync(path.join(root, 'workspace', 'runs'))
      : [];
    if (
      directories.filter((name) => !name.startsWith('.')).length === jobCount &&
      Array.from({ length: jobCount }, (_, number) => hasEnded(number)).every(Boolean)
    )
      break;
    if (lastWorker.exitCode !== null) throw new Error(`The worker ended with ${lastWorker.exitCode}.`);
    await delay(50);
  }
  // One more round of the scheduler, so that the last end is noted too.
  await delay(1_000);
  const gone = exitOf(lastWorker);
  lastWorker.kill('SIGTERM');
  lastWorker.kill('SIGKILL');
  await gone;
}

function hasEnded(number: number): boolean {
  const directory = directoryOf(number);
  if (readExit(directory) !== undefined) return true;
  const claim = readClaim(directory);
  if (claim === undefined || isSameProcessAlive(claim.shim)) return false;
  const child = readState(directory)?.child;
  return child === undefined || !isSameProcessAlive(child);
}

function storedJobs(): ReadonlyMap<string, Job> {
  const opened = openDatabase(path.join(root, 'home', 'trainyard.db'));
  assert.ok(opened.ok);
  const rows = new JobTable(opened.value).load();
  opened.value.dispose();
  return new Map(rows.map(({ job }) => [job.runName, job]));
}

/** Notes its start, works for a moment, and ends with a code of its own. */
function script(number: number): string {
  const starts = JSON.stringify(path.join(root, 'starts', String(number)));
  return `require('fs').appendFileSync(${starts}, 'x'); setTimeout(() => process.exit(${exitCode(number)}), ${250 + (number % 4) * 200})`;
}

function startsOf(number: number): number {
  const file = path.join(root, 'starts', String(number));
  return existsSync(file) ? readFileSync(file, 'utf8').length : 0;
}

/** Kills the shim of a job that runs, or the job's process; waits a little for one. */
async function killOne(
  killed: Set<number>,
  identityOf: (directory: string) => ProcessIdentity | undefined,
): Promise<void> {
  for (let attempt = 0; attempt < 40; attempt++, await delay(25)) {
    const running = numbers().filter(
      (number) => readExit(directoryOf(number)) === undefined && isAlive(identityOf(directoryOf(number))),
    );
    const number = running[Math.floor(Math.random() * running.length)];
    const identity = number === undefined ? undefined : identityOf(directoryOf(number));
    if (number === undefined || identity === undefined) continue;
    killed.add(number);
    return killQuietly(identity.pid);
  }
}

function numbers(): number[] {
  return Array.from({ length: jobCount }, (_, number) => number);
}

function isAlive(identity: ProcessIdentity | undefined): boolean {
  return identity !== undefined && isSameProcessAlive(identity);
}

function endLeftovers(number: number): void {
  const child = readState(directoryOf(number))?.child;
  if (child !== undefined && isSameProcessAlive(child)) signalGroup(child.pid, 'SIGKILL');
}
