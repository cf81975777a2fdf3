import path from 'node:path';
import { Disposables } from '../../../base/disposables.ts';
import { toErrorInfo } from '../../../base/errors.ts';
import type { RunId } from '../../../domain/ids.ts';
import type { Job } from '../../../domain/job.ts';
import type { FoundRun } from '../../../domain/records.ts';
import { type RunLink, runFiles } from '../../../domain/runDirectory.ts';
import { writeJsonSynced } from '../../../launch/files.ts';
import { readState } from '../../../launch/local/jobFiles.ts';
import { isSameProcessAlive } from '../../../launch/local/processIdentity.ts';
import { readLinks } from '../../../readers/index.ts';
import type { Scheduler } from '../../../scheduler/scheduler.ts';
import { isInside } from '../../runs/folders.ts';
import type { ReaderPool } from '../../runs/readerPool.ts';
import type { RunCatalog } from '../../runs/runCatalog.ts';
import { launchRecordOf } from '../again.ts';
import { bornSince, isCovered, isPlaceCovered, linkByOverrides, linksByOpenFiles } from './findLinks.ts';
import type { Followed } from './followed.ts';
import { hydraOutputsSince } from './hydraOutput.ts';
import { PlaceLinker } from './placeLinker.ts';
import { commandsOf, openFilesOf, ProcessTable } from './processFiles.ts';

const firstLookMs = 400;
const shortestPauseMs = 700;
const longestPauseMs = 15_000;
/** The pause grows with the age of the youngest job that is looked at. */
const pauseShare = 0.15;
/** So many times as long as a look took is the pause behind it: folders of ten thousand runs take half a second. */
const youngSlack = 10;
const oldSlack = 100;
const youngMs = 60_000;
/** What a program wrote in its last moment is found by walks so long after its end. */
const afterEndMs = 6_000;
/** A program may open files without end. */
const keptFiles = 4_000;
const keptCommands = 100;

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
  /** All processes at the last look, and those of the jobs among them. */
  #processes: ProcessTable | undefined;
  #ownProcesses: number[] = [];

  constructor(options: RunLinkerOptions) {
    super();
    this.#options = options;
    this.#places = new PlaceLinker({
      ...options,
      isHeldByOthers: (place) => this.#isHeldByOthers(place),
      linksOf: ({ directory }) => readLinks(directory),
      add: async (job, link) => this.#add(job, await readLinks(job.directory), [link]),
    });
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
        known.endedAt = Date.now();
        isNew = true;
      }
    }
    if (isNew) this.#lookIn(firstLookMs);
  }

  /** True where the job is to be looked at from now on, or where its run is not known yet and must be waited for. */
  #follow(job: Job): boolean {
    const endedAt = job.state === 'done' ? (job.endedAt ?? 0) * 1000 : undefined;
    const isOver = endedAt !== undefined && Date.now() - endedAt > afterEndMs;
    if (this.#settled.has(job.runId) || isOver || (job.state !== 'running' && job.state !== 'done')) return false;
    const found = this.#options.catalog.get(job.runId)?.found;
    if (found === undefined) return true;
    const record = launchRecordOf(found.path);
    if (record?.commandLaunch === undefined) {
      this.#settled.add(job.runId);
      return false;
    }
    const { entry, request } = record.commandLaunch;
    this.#followed.set(job.runId, {
      runId: job.runId,
      found,
      directory: found.path,
      folder: request.folder,
      cwd: record.cwd,
      args: record.overrides,
      startedAt: (job.startedAt ?? job.submittedAt) * 1000,
      isLocal: job.target === 'local',
      isHydra: entry?.takes !== 'nothing',
      endedAt,
      isLookedOver: false,
      written: new Set(),
      lastOpen: new Set(),
      steady: new Set(),
      commands: [],
    });
    return true;
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
    const youngest = Math.min(...jobs.map(({ startedAt, endedAt }) => Date.now() - (endedAt ?? startedAt)));
    const slack = (Date.now() - begin) * (youngest < youngMs ? youngSlack : oldSlack);
    this.#lookIn(Math.max(shortestPauseMs, Math.min(longestPauseMs, youngest * pauseShare), slack));
  }

  async #lookAtAll(): Promise<void> {
    const jobs = [...this.#followed.values()];
    if (jobs.length === 0) return;
    const processes = await ProcessTable.read();
    this.#processes = processes;
    this.#ownProcesses = [];
    for (const job of jobs) await this.#lookAtProcesses(job, processes);
    const folders = new Set(jobs.map(({ folder }) => folder));
    for (const folder of folders)
      await this.#lookInFolder(
        folder,
        jobs.filter((job) => job.folder === folder),
      );
    for (const job of jobs) job.isLookedOver = job.endedAt !== undefined;
  }

  async #lookAtProcesses(job: Followed, processes: ProcessTable): Promise<void> {
    const child = job.isLocal && job.endedAt === undefined ? readState(job.directory)?.child : undefined;
    if (child === undefined || !isSameProcessAlive(child)) return;
    const pids = processes.ofJob(child.pid);
    const files = await openFilesOf(pids, true);
    this.#ownProcesses.push(...pids);
    noteFiles(job, files);
    for (const command of await commandsOf(pids)) noteCommand(job, command);
    const known = await readLinks(job.directory);
    await this.#add(job, known, await linksByOpenFiles(job, files, known));
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

  /** Whether a process of none of the jobs has something of a place open, as a program that somebody started by hand. */
  async #isHeldByOthers(place: string): Promise<boolean> {
    const others = this.#processes?.except(this.#ownProcesses) ?? [];
    for (const file of await openFilesOf(others)) if (isInside(file, place) || file === `${place}-wal`) return true;
    return false;
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
    for (const [id, { endedAt, isLookedOver }] of this.#followed)
      if (endedAt !== undefined && isLookedOver && Date.now() - endedAt > afterEndMs) {
        this.#followed.delete(id);
        this.#settled.add(id);
      }
  }
}

function noteFiles(job: Followed, files: ReadonlySet<string>): void {
  for (const file of files) {
    if (job.lastOpen.has(file) && job.steady.size < keptFiles) job.steady.add(file);
    if (job.written.size < keptFiles) job.written.add(file);
  }
  job.lastOpen = files;
}

function noteCommand({ commands }: Followed, command: readonly string[]): void {
  const isKnown = commands.some(
    (each) => each.length === command.length && each.every((word, at) => word === command[at]),
  );
  if (!isKnown && commands.length < keptCommands) commands.push(command);
}
