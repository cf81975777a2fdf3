import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { greetWorker, type WorkerConnection } from '../../../src/client/handshake.ts';
import type { WorkerHome } from '../../unit/worker/bundledWorker.ts';

/** What one opening of a workspace took. Times in milliseconds. */
export interface Opening {
  /** From the start of the worker's process until it answered. */
  readonly startedMs: number;
  /** From there until `folder.open` had answered. */
  readonly openedMs: number;
  /** How many runs that answer listed. */
  readonly listed: number;
  /** From there, again, until every run was in the list. */
  readonly wholeMs: number;
  /** Processor time of all the worker's threads in that time. */
  readonly processorMs: number;
  /** Resident memory of the worker's process two seconds later, in MB. */
  readonly memoryAtOnceMb: number;
  /** The same when it has rested for a while. */
  readonly memoryMb: number;
  /** Processor time of all its threads while nothing happened, in percent of one core; NaN where nobody waited. */
  readonly idlePercent: number;
}

const idleMs = 20_000;
/** Until then a worker still looks at what it knew. */
const restMs = 20_000;
/** Clock ticks a second in /proc/PID/stat; 100 on every Linux that Node runs on. */
const ticks = 100;

/** Starts a worker on a home, opens a folder as a window does, and waits until all its runs are listed. */
export async function openWorkspace(
  home: WorkerHome,
  workerFile: string,
  folder: string,
  runs: number,
  waitsIdle: boolean,
): Promise<Opening> {
  const begin = performance.now();
  const child = home.spawn(workerFile);
  const client = await connect(home);
  const startedMs = performance.now() - begin;
  const seen = new Set<string>();
  client.on('runs.changed', ({ runs: changed }) => {
    for (const { id } of changed) seen.add(id);
  });
  const [asked, processorBefore] = [performance.now(), processorSeconds(child.pid!)];
  const opened = await client.call('folder.open', { folder, trusted: true });
  const openedMs = performance.now() - asked;
  for (const { id } of opened.runs) seen.add(id);
  while (seen.size < runs) await delay(5);
  const wholeMs = performance.now() - asked;
  const processorMs = 1000 * (processorSeconds(child.pid!) - processorBefore);
  // What was read is in the database a second later.
  await delay(2_000);
  const memoryAtOnceMb = memoryOf(child.pid!);
  await delay(restMs);
  const memoryMb = memoryOf(child.pid!);
  const idlePercent = waitsIdle ? await idling(child.pid!) : Number.NaN;
  client.dispose();
  child.kill('SIGTERM');
  await new Promise((resolve) => child.once('exit', resolve));
  if (seen.size !== runs) throw new Error(`${seen.size} runs were listed, not ${runs}.`);
  return {
    startedMs,
    openedMs,
    listed: opened.runs.length,
    wholeMs,
    processorMs,
    memoryAtOnceMb,
    memoryMb,
    idlePercent,
  };
}

/** How many values a worker that knows the workspace has of a run. */
export async function countValues(home: WorkerHome, workerFile: string, folder: string): Promise<readonly number[]> {
  const child = home.spawn(workerFile);
  const client = await connect(home);
  const { runs } = await client.call('folder.open', { folder, trusted: true });
  const counts: number[] = [];
  for (const { id } of runs) {
    const { series } = await client.call('runs.get', { runId: id });
    counts.push(series.reduce((sum, { count, kind }) => sum + (kind === 'scalar' ? count : 0), 0));
  }
  client.dispose();
  child.kill('SIGTERM');
  await new Promise((resolve) => child.once('exit', resolve));
  return counts;
}

async function connect(home: WorkerHome): Promise<WorkerConnection> {
  for (;;) {
    const client = await greetWorker(home.paths, { client: 'extension', version: '0.0.0' }).catch(() => undefined);
    if (client !== undefined) return client;
    await delay(2);
  }
}

async function idling(pid: number): Promise<number> {
  await delay(restMs);
  const [before, from] = [processorSeconds(pid), performance.now()];
  await delay(idleMs);
  return (100_000 * (processorSeconds(pid) - before)) / (performance.now() - from);
}

function memoryOf(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1e3;
}

/** User and system time: fields 14 and 15, behind the command's name, which may hold anything (man 5 proc). */
function processorSeconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticks;
}
