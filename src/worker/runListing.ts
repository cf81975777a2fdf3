import { existsSync } from 'node:fs';
import type { JobId } from '../domain/ids.ts';
import { type FoundRun, placeKey } from '../domain/records.ts';
import { LinkedPlaces } from './launching/linking/linkedPlaces.ts';
import { Newcomers } from './launching/linking/newcomers.ts';
import { isInside } from './runs/folders.ts';
import type { RunGroups } from './runs/grouping/runGroups.ts';
import type { LiveRun, RunChange } from './runs/liveRun.ts';
import type { WorkerServices } from './services.ts';

interface Services extends Pick<WorkerServices, 'catalog' | 'monitor' | 'views' | 'scheduler' | 'clients'> {
  readonly grouping: Pick<RunGroups, 'group' | 'forget' | 'note'>;
}

/** Decides which runs are listed: what walks find, without what is part of another run or what it is not known yet whose it is; and forgets what is gone. */
export class RunListing {
  readonly #worker: Services;
  readonly #isJobAtWork: () => boolean;
  readonly #linked = new LinkedPlaces();
  readonly #newcomers = new Newcomers();

  /** The services are asked for only when something is listed. */
  constructor(worker: Services, isJobAtWork: () => boolean) {
    this.#worker = worker;
    this.#isJobAtWork = isJobAtWork;
  }

  /** Takes in the links of the runs that the catalog knows from before. */
  start(): void {
    for (const run of this.#worker.catalog.all()) this.#linked.note(run);
  }

  /** Whether a run is part of one of ours. */
  isLinked(found: FoundRun): boolean {
    return this.#linked.hides(found);
  }

  /** Whether a run is not to be listed, or not yet. What is listed already stays so. */
  hides(found: FoundRun): boolean {
    const isHeldBack = this.#newcomers.holds(found) && this.#worker.catalog.at(found) === undefined;
    return isHeldBack || this.#linked.hides(found);
  }

  /** Takes in what a walk of a root, begun at `walkedAt`, found. */
  walked(root: string, places: readonly FoundRun[], walkedAt: number): void {
    this.#newcomers.note(root, places, this.#isJobAtWork());
    this.take(root, this.#worker.grouping.group(root, places), walkedAt);
  }

  /** Takes in the runs of a root, as a walk that began at `walkedAt` found them. */
  take(root: string, runs: readonly FoundRun[], walkedAt: number): void {
    for (const found of runs) this.#worker.monitor.follow(found);
    const there = new Set(runs.map(placeKey));
    // A run that the database still lists, though its folder went while no worker ran, is looked at too, so that it can be missed.
    for (const { found } of this.#worker.catalog.all())
      if (found.root === root && !there.has(placeKey(found))) this.#worker.monitor.follow(found);
    // Runs that the queue knows, or that were launched to a place outside the folder, are listed whether or not a walk finds them.
    const isWalked = (found: FoundRun) =>
      found.root === root && !(existsSync(found.path) && (!isInside(found.path, root) || this.#isQueued(found)));
    this.#forget(this.#worker.monitor.removeMissing(isWalked, there, walkedAt));
  }

  #forget(gone: readonly FoundRun[]): void {
    for (const found of gone) {
      const run = this.#worker.catalog.at(found);
      if (run === undefined) continue;
      this.#linked.forget(run.id);
      this.#worker.grouping.forget(run.id);
      this.#worker.catalog.remove(run);
      this.#worker.views.removed(run);
    }
  }

  #isQueued(found: FoundRun): boolean {
    const run = this.#worker.catalog.at(found);
    return run !== undefined && this.#worker.scheduler.find(run.id as string as JobId) !== undefined;
  }

  /** Takes in what a reader has found new in a run, and tells it. */
  changed(run: LiveRun, change: RunChange): void {
    if (change.reset) this.#worker.clients.tell('series.reset', { runId: run.id }, run.found.path);
    if (change.tags.length > 0) this.#worker.clients.seriesAppended(run.id, run.found.path, change.tags, change.media);
    this.#worker.views.changed(run);
    this.#worker.grouping.note(run);
    // What has become part of this run is no run of its own any more.
    if (this.#linked.note(run))
      this.#forget(
        this.#worker.monitor.removeMissing((found) => this.#linked.hides(found), new Set(), Number.POSITIVE_INFINITY),
      );
  }
}
