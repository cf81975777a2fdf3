import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { JobId, RunId } from '../../../src/domain/ids.ts';
import type { Job } from '../../../src/domain/job.ts';
import type { JobPlace, JobPresence, LaunchTarget } from '../../../src/launch/target.ts';
import { Scheduler } from '../../../src/scheduler/scheduler.ts';
import { openDatabase } from '../../../src/store/database.ts';
import { JobTable } from '../../../src/store/jobTable.ts';
import { limited, median, type Row } from '../report.ts';

const jobCount = 10_000;
const rounds = 60;

/** A queue of 10 000 jobs: on one slot, and mixed with GPUs, groups, priorities and dependencies. */
export function queueRows(): Row[] {
  return [
    ...ticks('one slot', (number) => newJob(number, {})),
    ...ticks('GPUs, groups, priorities, dependencies', (number) =>
      newJob(number, {
        slot: number % 3 === 0 ? 'cpu' : 'any',
        priority: number % 4,
        ...(number % 3 === 0 ? {} : { gpus: 1 + (number % 2) }),
        ...(number % 5 === 0 ? { group: `sweep-${number % 50}`, groupLimit: 3 } : {}),
        ...(number % 7 === 6 ? { after: [idOf(number - 1)] } : {}),
      }),
    ),
  ];
}

function ticks(what: string, jobOf: (number: number) => Omit<Job, 'reason'>): Row[] {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'queue-'));
  const opened = openDatabase(path.join(folder, 'trainyard.db'));
  if (!opened.ok) throw new Error(opened.message);
  const table = new JobTable(opened.value);
  table.save(
    Array.from({ length: jobCount }, (_, number) => ({ job: { ...jobOf(number), reason: '' }, directory: '' })),
  );
  const target = new StandInTarget();
  const gpus = Array.from({ length: 8 }, (_, index) => ({ id: String(index), totalMiB: 81_559, usedMiB: 3 }));
  const scheduler = new Scheduler({ store: table, targets: [target], complain: console.error, gpus: () => gpus });
  try {
    for (let warm = 0; warm < 10; warm++) scheduler.tick();
    const quiet = Array.from({ length: rounds }, () => timed(() => scheduler.tick()));
    const busy = Array.from({ length: rounds }, () => {
      target.endOne();
      return timed(() => scheduler.tick());
    });
    const name = (kind: string) => `tick of ${jobCount} jobs (${what}), ${kind}`;
    return [
      limited({ name: name('quiet, p95'), ours: p95(quiet), unit: 'ms', better: 'lower', limit: 5 }),
      limited({
        name: name('one ends and one starts, median'),
        ours: rounded(median(busy)),
        unit: 'ms',
        better: 'lower',
        limit: 5,
      }),
    ];
  } finally {
    scheduler.dispose();
    opened.value.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

function newJob(number: number, more: Partial<Job>): Omit<Job, 'reason'> {
  const id = idOf(number);
  return {
    id,
    runId: id as string as RunId,
    runName: `run-${number}`,
    state: 'waiting',
    target: 'local',
    slot: 'cpu',
    order: number + 1,
    submittedAt: 0,
    ...more,
  };
}

function idOf(number: number): JobId {
  return `job-${String(number).padStart(6, '0')}` as JobId;
}

/** A stand-in for a target: jobs run from the moment that they are started until the bench ends one. */
class StandInTarget implements LaunchTarget {
  readonly name = 'local';
  readonly #running: RunId[] = [];
  readonly #ended = new Set<RunId>();

  async start(job: JobPlace): Promise<void> {
    this.#running.push(job.runId);
  }

  inspect(job: JobPlace): JobPresence {
    if (this.#ended.has(job.runId)) return { kind: 'ended', exitCode: 0, detail: 'exit code 0' };
    return { kind: 'running', startedAt: 1, detail: 'in memory' };
  }

  stop(): void {}

  endOne(): void {
    const runId = this.#running.shift();
    if (runId !== undefined) this.#ended.add(runId);
  }
}

function timed(work: () => void): number {
  const begin = performance.now();
  work();
  return performance.now() - begin;
}

function p95(values: readonly number[]): number {
  return rounded([...values].sort((a, b) => a - b)[Math.floor(values.length * 0.95)]!);
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
