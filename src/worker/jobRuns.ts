import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunId } from '../domain/ids.ts';
import type { FoundRun } from '../domain/records.ts';
import { isActive } from '../domain/run.ts';
import type { LocalTarget } from '../launch/local/localTarget.ts';
import type { JobTable } from '../store/jobTable.ts';
import { launchRecordOf } from './launching/again.ts';
import { isInside } from './runs/folders.ts';
import type { WorkerServices } from './services.ts';

const adoptPatienceMs = 3_000;

type Followed = Pick<WorkerServices, 'catalog' | 'clients' | 'monitor' | 'scheduler' | 'views'>;

/** Jobs of the queue are runs too: they are followed whether or not a window has their folder open, and each side tells the other what it sees. */
export class JobRuns {
  readonly #worker: Followed;
  /** Where the runs of the queue lie that an earlier worker left. */
  readonly #places = new Map<RunId, string>();

  constructor(worker: Followed, jobs: JobTable, target: LocalTarget) {
    this.#worker = worker;
    const { scheduler, views, clients } = worker;
    for (const { job, directory } of jobs.load()) {
      const place = { runId: job.runId, directory };
      this.#places.set(job.runId, directory);
      if (job.state !== 'launching' && job.state !== 'running') continue;
      if (target.isStopAsked(place)) views.noteStop(job.runId);
      target.resumeStop(place);
    }
    let before = new Map(scheduler.jobs.map((job) => [job.id, job]));
    scheduler.onChanged((list) => {
      const changed = list.filter((job) => before.get(job.id) !== job);
      before = new Map(list.map((job) => [job.id, job]));
      for (const job of changed) this.#jobChanged(job.runId);
      clients.queueChanged(list);
    });
    scheduler.onEnded((ended) => views.noteEnd(ended));
    // A run whose files say that it ended has freed its slot. Not within this event: the queue may be in the middle of a change.
    views.onStatus(() => scheduler.tickSoon());
  }

  /**
   * Follows the runs of the queue. One that was launched a moment before its worker died may not be in the index yet; it is read before anybody
   * can ask for it.
   */
  async adopt(): Promise<void> {
    const { catalog, monitor } = this.#worker;
    const unread: Promise<void>[] = [];
    for (const [runId, directory] of this.#places) {
      const run = catalog.get(runId);
      if (run === undefined) unread.push(monitor.followNow(launchedRun(directory)));
      else if (isActive(run.facts.status ?? 'unknown')) monitor.follow(run.found, true);
    }
    await Promise.race([Promise.all(unread), delay(adoptPatienceMs, undefined, { ref: false })]);
  }

  #jobChanged(runId: RunId): void {
    this.#worker.views.jobChanged(runId);
    const run = this.#worker.catalog.get(runId);
    if (run !== undefined) this.#worker.monitor.poke(run.found);
  }
}

/** The run in a directory that the launcher made. */
function launchedRun(directory: string): FoundRun {
  const launchedFrom = launchRecordOf(directory)?.cwd;
  const isBelow = launchedFrom !== undefined && isInside(directory, launchedFrom);
  const root = isBelow ? launchedFrom : path.dirname(path.dirname(directory));
  return { source: 'trainyard', path: directory, root, name: path.basename(directory) };
}
