import path from 'node:path';
import { Disposables } from '../../../base/disposables.ts';
import { toErrorInfo } from '../../../base/errors.ts';
import type { RunId } from '../../../domain/ids.ts';
import type { Job } from '../../../domain/job.ts';
import type { FoundRun } from '../../../domain/records.ts';
import { type RunLink, runFiles } from '../../../domain/runDirectory.ts';
import { writeJsonSynced } from '../../../launch/files.ts';
import { readLinks } from '../../../readers/index.ts';
import type { Scheduler } from '../../../scheduler/scheduler.ts';
import type { ReaderPool } from '../../runs/readerPool.ts';
import type { RunCatalog } from '../../runs/runCatalog.ts';
import { launchRecordOf } from '../again.ts';
import { bornSince, isCovered, isPlaceCovered, linkByOverrides, linksByOpenFiles } from './findLinks.ts';
import { endOf, type Followed, followedOf } from './followed.ts';
import { hydraOutputsSince } from './hydraOutput.ts';
import { JobProcesses } from './jobProcesses.ts';
import { PlaceLinker } from './placeLinker.ts';

const firstLookMs = 400;
const shortestPauseMs = 700;
const longestPauseMs = 15_000;
/** The pause grows with the age of the youngest job that is looked at. */
const pauseShare = 0.15;
/** So many times as long as a look took is the pause behind it: folders of ten thousand runs take half a second. */
const youngSlack = 10;
const oldSlack = 100;
const youngMs = 60_000;
/** What a program wrote in its last moment is found by walks so long after its end was noticed. */
const afterEndMs = 6_000;
/** A worker that ended may have noticed the end of such jobs without having looked for their logs. */
const lookAgainMs = 600_000;

export interface RunLinkerOptions {
  readonly scheduler: Scheduler;
  readonly catalog: RunCatalog;
  readonly pool: ReaderPool;
  /** Whether a run is part of one of ours already. */
  readonly hides: (found: FoundRun) => boolean;
  /** What discovery leaves out below a folder. */
  readonly excludedIn: (folder: string) => readonly string[];
  /** Called when a run directory has got a link. */
  readonly onLinked: (found: FoundRun) => void;
  readonly complain: (message: string) => void;
}

/** Finds out where the programs of running commands log, and links those places to the runs, by evidence. */
export class RunLinker extends Disposables {
  readonly #options: RunLinkerOptions;
  readonly #followed = new Map<RunId, Followed>();
  /** Jobs that were looked at to the end, or that are no commands. */
  readonly #settled = new Set<RunId>();
  readonly #places: PlaceLinker;
  #timer: NodeJS.Timeout | undefined;
  #looking = false;
  readonly #processes = new JobProcesses();

  constructor(options: RunLinkerOptions) {
    super();
    this.#options = options;
    this.#places = new PlaceLinker({
      ...options,
      isHeldByOthers: (place) => this.#processes.isHeldByOthers(place),
      linksOf: ({ directory }) => readLinks(directory),
      add: async (job, link) => this.#add(job, await readLinks(job.directory), [link]),
    });
    for (const job of options.scheduler.jobs)
      if (Date.now() - (endOf(job) ?? Date.now()) > lookAgainMs) this.#settled.add(job.runId);
    this.add(options.scheduler.onChanged((jobs) => this.#note(jobs)));
    this.onDispose(() => clearTimeout(this.#timer));
  }

  /** Takes in the jobs that an earlier worker left running. */
  start(): void {
    this.#note(this.#options.scheduler.jobs);
  }

  /** Whether there are jobs whose logs are looked for. */
  get isAtWork(): boolean {
    return this.#followed.size > 0;
  }

  #note(jobs: readonly Job[]): void {
    let isNew = false;
    for (const job of jobs) {
      const known = this.#followed.get(job.runId);
      if (known === undefined) isNew = this.#follow(job) || isNew;
      if (known !== undefined && job.state === 'done' && known.endedAt === undefined) {
        known.noticedAt = Date.now();
        known.endedAt = endOf(job);
        isNew = true;
      }
    }
    if (isNew) this.#lookIn(firstLookMs);
  }

  /** True where the job is to be looked at from now on, or where its run is not known yet and must be waited for. */
  #follow(job: Job): boolean {
    if (this.#settled.has(job.runId) || (job.state !== 'running' && job.state !== 'done')) return false;
    const found = this.#options.catalog.get(job.runId)?.found;
    // A run that has gone from the lists since is not waited for.
    if (found === undefined) return Date.now() - (endOf(job) ?? Date.now()) < lookAgainMs;
    const followed = followedOf(job, found, launchRecordOf(found.path));
    if (followed === undefined) this.#settled.add(job.runId);
    else this.#followed.set(job.runId, followed);
    return followed !== undefined;
  }

  #lookIn(milliseconds: number): void {
    if (this.isDisposed || this.#looking) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), milliseconds);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    this.#looking = true;
    const begin = Date.now();
    try {
      await this.#lookAtAll();
    } catch (error) {
      if (!this.isDisposed) this.#options.complain(`Logs of runs cannot be looked for: ${toErrorInfo(error).message}`);
    }
    this.#looking = false;
    this.#forgetEnded();
    this.#note(this.#options.scheduler.jobs);
    const jobs = [...this.#followed.values()];
    if (jobs.length === 0) return;
    const youngest = Math.min(...jobs.map(({ startedAt, noticedAt }) => Date.now() - (noticedAt ?? startedAt)));
    const slack = (Date.now() - begin) * (youngest < youngMs ? youngSlack : oldSlack);
    this.#lookIn(Math.max(shortestPauseMs, Math.min(longestPauseMs, youngest * pauseShare), slack));
  }

  async #lookAtAll(): Promise<void> {
    const jobs = [...this.#followed.values()];
    if (jobs.length === 0) return;
    for (const job of await this.#processes.look(jobs)) {
      const known = await readLinks(job.directory);
      await this.#add(job, known, await linksByOpenFiles(job, job.lastOpen, known));
    }
    const folders = new Set(jobs.map(({ folder }) => folder));
    for (const folder of folders)
      await this.#lookInFolder(
        folder,
        jobs.filter((job) => job.folder === folder),
      );
    for (const job of jobs) job.isLookedOver = job.endedAt !== undefined;
  }

  async #lookInFolder(folder: string, jobs: readonly Followed[]): Promise<void> {
    for (const cwd of new Set(jobs.filter(({ isHydra }) => isHydra).map((job) => job.cwd)))
      await this.#lookAtHydra(
        cwd,
        jobs.filter((job) => job.isHydra && job.cwd === cwd),
      );
    await this.#places.look(folder, jobs);
  }

  /** Several jobs may have the same overrides: the one that started last before the output was made, and has none yet, gets it. */
  async #lookAtHydra(cwd: string, jobs: readonly Followed[]): Promise<void> {
    const taken = (await Promise.all(jobs.map((job) => readLinks(job.directory)))).flat();
    const since = Math.min(...jobs.map(bornSince));
    for (const output of await hydraOutputsSince(cwd, since)) {
      if (isCovered(output, taken)) continue;
      for (const job of [...jobs].sort((a, b) => b.startedAt - a.startedAt)) {
        const known = await readLinks(job.directory);
        const link = known.some(({ only }) => only === undefined) ? undefined : await linkByOverrides(job, output);
        if (link === undefined) continue;
        await this.#add(job, known, [link]);
        break;
      }
    }
  }

  async #add(job: Followed, known: readonly RunLink[], found: readonly RunLink[]): Promise<void> {
    const links = [...known];
    for (const link of found) {
      const { source, key } = link;
      const place = path.join(link.path, link.only ?? '.');
      const isKnown =
        source === undefined || key === undefined
          ? isCovered(place, links)
          : isPlaceCovered({ source, path: place, key }, links);
      if (!isKnown) links.push(link);
    }
    if (links.length === known.length || this.isDisposed) return;
    writeJsonSynced(path.join(job.directory, runFiles.links), { format: 1, links });
    this.#options.onLinked(job.found);
  }

  #forgetEnded(): void {
    for (const [id, { noticedAt, isLookedOver }] of this.#followed)
      if (noticedAt !== undefined && isLookedOver && Date.now() - noticedAt > afterEndMs) {
        this.#followed.delete(id);
        this.#settled.add(id);
      }
  }
}
