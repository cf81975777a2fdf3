import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Disposables, Replaceable } from '../../base/disposables.ts';
import { AppError, toErrorInfo } from '../../base/errors.ts';
import { type FoundRun, placeKey } from '../../domain/records.ts';
import { FolderWatches } from './folderWatches.ts';
import { haveSameParts, type LiveRun, type RunChange } from './liveRun.ts';
import { isLive, pollDelay } from './pace.ts';
import { PollQueue } from './pollQueue.ts';
import type { ReaderPool } from './readerPool.ts';
import type { RunCatalog } from './runCatalog.ts';

const bytesPerPoll = 8_000_000;
/** A run that is read as a whole: to know its figures only, or to have the points that were left out then. */
const bytesAtOnce = 32_000_000;
/** Per reader thread: while one run waits for the disk, another one is read. */
const parallelPolls = 4;
const watchDelayMs = 25;
const maxWoken = 250;
const knownRunDelayMs = 1_000;
const recentMs = 2 * 24 * 3600 * 1000;

export interface RunMonitorOptions {
  readonly pool: ReaderPool;
  readonly catalog: RunCatalog;
  readonly hasClients: () => boolean;
  /** Called after each poll that changed something. */
  readonly onChange: (run: LiveRun, change: RunChange, isNew: boolean) => void;
  /** Called after each poll of a live run, and after the poll that found it ended. */
  readonly onPolled: (run: LiveRun) => void;
  readonly complain: (message: string) => void;
}

interface Entry {
  found: FoundRun;
  readonly addedAt: number;
  /** It was asked for by name, so it is read with all its points. */
  readonly isUrgent: boolean;
  readonly watch: Replaceable<{ dispose(): void }>;
  timer: NodeJS.Timeout | undefined;
  state: 'idle' | 'queued' | 'polling';
  /** Asked for while a poll was under way. */
  again: boolean;
  grewAt: number;
  askedAt: number;
  /** Its points are wanted, of which only figures are known. */
  fill: boolean;
  watched: boolean;
  /** As it was counted last. */
  isLive: boolean;
  /** Its folder was touched lately, so another tool may still write to it: a watch tells sooner than the slow polls. */
  isRecent: boolean;
  /** Called after the first poll, and then there is none. */
  firstPoll: (() => void)[] | undefined;
  /** Called when the reader has told all that there is by now. */
  readonly whole: (() => void)[];
}

/** Looks at runs again and again: live ones several times a second and whenever the system says that their folder changed, others ever more seldom. */
export class RunMonitor extends Disposables {
  readonly #options: RunMonitorOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #queue = new PollQueue(parallelPolls);
  readonly #watches = new FolderWatches(watchDelayMs);
  #liveRuns = 0;

  constructor(options: RunMonitorOptions) {
    super();
    this.#options = options;
    this.add(this.#watches);
    this.onDispose(() => {
      for (const entry of this.#entries.values()) this.#release(entry);
    });
  }

  /** Begins to look at a run; the first look comes soon. One that is looked at already takes over its new name, root and parts. */
  follow(found: FoundRun, urgent = false): void {
    const key = placeKey(found);
    if (this.isDisposed) return;
    const known = this.#entries.get(key);
    this.#options.catalog.regroup(found);
    if (known !== undefined) {
      this.#change(known, found);
      return;
    }
    const entry: Entry = {
      found,
      addedAt: Date.now(),
      isUrgent: urgent,
      watch: new Replaceable(),
      timer: undefined,
      state: 'idle',
      again: false,
      grewAt: 0,
      askedAt: 0,
      fill: false,
      watched: false,
      isLive: false,
      isRecent: false,
      firstPoll: [],
      whole: [],
    };
    this.#entries.set(key, entry);
    if (urgent || this.#options.catalog.at(found) === undefined) this.#enqueue(entry, urgent);
    else this.#enqueueKnown(entry);
  }

  /** Begins to look at a run and waits for the first look. */
  async followNow(found: FoundRun): Promise<void> {
    this.follow(found, true);
    this.poke(found);
    const entry = this.#entries.get(placeKey(found));
    if (entry?.firstPoll !== undefined) await new Promise<void>((resolve) => entry.firstPoll?.push(resolve));
  }

  /** Looks at a run now, and waits until its reader has told all that there is. */
  async lookNow(found: FoundRun): Promise<void> {
    this.follow(found, true);
    const entry = this.#entries.get(placeKey(found));
    if (entry === undefined) return;
    const isRead = new Promise<void>((resolve) => entry.whole.push(resolve));
    this.poke(found);
    await isRead;
  }

  /** Sees to it that the points of a run can be asked for: of runs that nobody looked at only the figures are kept. */
  async ensurePoints(run: LiveRun): Promise<void> {
    if (!run.isSkimmed) return;
    this.follow(run.found);
    const entry = this.#entries.get(placeKey(run.found));
    if (entry === undefined) return;
    entry.fill = true;
    entry.askedAt = Date.now();
    this.#forgetReader(run.found);
    await this.lookNow(run.found);
  }

  /** Waits until every run has been looked at once, but no longer than that. */
  async settled(milliseconds: number): Promise<void> {
    const open = [...this.#entries.values()].filter(({ firstPoll }) => firstPoll !== undefined);
    if (open.length === 0) return;
    const timeout = new AbortController();
    const polled = Promise.all(open.map((entry) => new Promise<void>((resolve) => entry.firstPoll!.push(resolve))));
    await Promise.race([polled, delay(milliseconds, undefined, { signal: timeout.signal }).catch(() => {})]);
    timeout.abort();
  }

  /** Looks at the run now. */
  poke(found: FoundRun): void {
    const entry = this.#entries.get(placeKey(found));
    if (entry !== undefined) this.#enqueue(entry, true);
  }

  /** Looks at many runs soon, live ones first. */
  pokeAll(isMeant: (found: FoundRun) => boolean): void {
    for (const entry of this.#entries.values()) if (isMeant(entry.found)) this.#enqueue(entry, this.#isLive(entry));
  }

  /** A client looks at the run, so it is kept fresh for a while. */
  noteInterest(found: FoundRun): void {
    const entry = this.#entries.get(placeKey(found));
    if (entry === undefined) return;
    const wasCold = Date.now() - entry.askedAt > 60_000;
    entry.askedAt = Date.now();
    if (wasCold) this.#enqueue(entry, true);
  }

  /** Looks at the live runs now, for a client that has just come. Of very many, only some: the others have their turn soon. */
  wake(): void {
    let left = maxWoken;
    for (const entry of this.#entries.values()) {
      if (!this.#isLive(entry)) continue;
      if (left-- === 0) return;
      this.#enqueue(entry, true);
    }
  }

  /** Ends looking at runs of a root that a walk, begun at `walkedAt`, no longer found; `stillThere` holds the `placeKey` of those that it did. Gives back the others. */
  removeMissing(
    isCovered: (found: FoundRun) => boolean,
    stillThere: ReadonlySet<string>,
    walkedAt: number,
  ): readonly FoundRun[] {
    const gone: FoundRun[] = [];
    for (const [key, entry] of this.#entries) {
      const { found, addedAt } = entry;
      if (stillThere.has(key) || !isCovered(found)) continue;
      if (addedAt >= walkedAt && existsSync(found.path)) continue;
      this.#release(entry);
      this.#entries.delete(key);
      this.#forgetReader(found);
      gone.push(found);
    }
    return gone;
  }

  /** The next poll opens a reader for the parts that the run has now. */
  #change(entry: Entry, found: FoundRun): void {
    const isOther = !haveSameParts(entry.found, found);
    entry.found = found;
    if (!isOther) return;
    this.#forgetReader(found);
    this.#unwatch(entry);
    this.#enqueue(entry, true);
  }

  #forgetReader(found: FoundRun): void {
    void this.#options.pool.ask(found.path, 'forget', { place: found }).catch(() => {});
  }

  /** The index knows the run already: lists do not wait for a look at it, and ten thousand looks do not delay the first list. */
  #enqueueKnown(entry: Entry): void {
    entry.firstPoll = undefined;
    entry.timer = setTimeout(() => this.#enqueue(entry, false), knownRunDelayMs * (1 + Math.random()));
  }

  #enqueue(entry: Entry, urgent: boolean): void {
    clearTimeout(entry.timer);
    if (this.isDisposed) return;
    if (entry.state === 'polling') entry.again = true;
    if (entry.state !== 'idle') return;
    entry.state = 'queued';
    this.#queue.add(() => this.#poll(entry), this.#options.pool.laneOf(entry.found.path), urgent);
  }

  async #poll(entry: Entry): Promise<void> {
    if (this.isDisposed || !this.#entries.has(placeKey(entry.found))) return;
    entry.state = 'polling';
    entry.again = false;
    let more = false;
    try {
      more = await this.#read(entry);
    } catch (error) {
      const isOver = this.isDisposed || (error instanceof AppError && error.code === 'closed');
      if (!isOver) this.#options.complain(`${entry.found.path} cannot be read: ${toErrorInfo(error).message}`);
    }
    entry.state = 'idle';
    for (const resolve of entry.firstPoll ?? []) resolve();
    entry.firstPoll = undefined;
    if (this.isDisposed || !this.#entries.has(placeKey(entry.found))) return;
    this.#countLive(entry, this.#isLive(entry));
    this.#updateWatch(entry);
    if (!more && !entry.again) this.#tellWhole(entry);
    if (more || entry.again) this.#enqueue(entry, !more);
    else entry.timer = setTimeout(() => this.#enqueue(entry, this.#isLive(entry)), this.#delay(entry));
  }

  /** One poll. True where the reader has more to tell at once. */
  async #read(entry: Entry): Promise<boolean> {
    const { pool, catalog, onChange, onPolled } = this.#options;
    const isWanted = this.#isLive(entry) || Date.now() - entry.askedAt < 60_000;
    const { found, fill } = entry;
    const known = catalog.at(found);
    const isFill = fill && known?.isSkimmed === true;
    const skim = known === undefined && !isWanted && !entry.isUrgent && found.source !== 'trainyard';
    const answer = await pool.ask(found.path, 'poll', {
      run: found,
      cursor: isFill ? undefined : known?.cursor,
      maxBytes: skim || isFill ? bytesAtOnce : bytesPerPoll,
      keep: isWanted,
      skim,
    });
    // A run that was let go of meanwhile would come back as a new one.
    if (this.isDisposed || !this.#entries.has(placeKey(found))) return false;
    // What was read of other parts than the run has now is of no use.
    if (!haveSameParts(found, entry.found)) return true;
    if (known?.isSkimmed === true && !isFill && !answer.reset && answer.scalars.length > 0) {
      // It goes on after all: its points are needed, the earlier ones too.
      entry.fill = true;
      this.#forgetReader(found);
      return true;
    }
    const { run, isNew, change } = catalog.apply(entry.found, answer, isFill);
    if (isFill) entry.fill = false;
    if (change.tags.length > 0 && !isNew && !isFill) entry.grewAt = Date.now();
    if (isNew || change.summary || change.reset) onChange(run, change, isNew);
    const isLive = this.#isLive(entry);
    if (isLive || change.summary) onPolled(run);
    if (!isLive) run.unload();
    entry.isRecent = Date.now() - answer.touchedAt < recentMs;
    return answer.more;
  }

  #delay(entry: Entry): number {
    const { catalog, hasClients } = this.#options;
    return pollDelay({
      status: catalog.at(entry.found)?.facts.status,
      now: Date.now(),
      grewAt: entry.grewAt,
      askedAt: entry.askedAt,
      hasClients: hasClients(),
      liveRuns: this.#liveRuns,
      coldRuns: this.#entries.size,
      isRemote: this.#watches.isRemote(entry.found),
    });
  }

  #isLive(entry: Entry): boolean {
    const status = this.#options.catalog.at(entry.found)?.facts.status;
    return isLive({ status, now: Date.now(), grewAt: entry.grewAt });
  }

  #countLive(entry: Entry, isLive: boolean): void {
    if (entry.isLive !== isLive) this.#liveRuns += isLive ? 1 : -1;
    entry.isLive = isLive;
  }

  #updateWatch(entry: Entry): void {
    const wanted = this.#isLive(entry) || entry.isRecent || Date.now() - entry.askedAt < 60_000;
    if (wanted === entry.watched) return;
    if (!wanted) {
      this.#unwatch(entry);
      return;
    }
    const watch = this.#watches.watch(entry.found, () => this.#enqueue(entry, true));
    entry.watch.set(watch);
    entry.watched = watch !== undefined;
  }

  #unwatch(entry: Entry): void {
    entry.watch.set(undefined);
    entry.watched = false;
  }

  #tellWhole(entry: Entry): void {
    for (const resolve of entry.whole.splice(0)) resolve();
  }

  #release(entry: Entry): void {
    this.#tellWhole(entry);
    for (const resolve of entry.firstPoll ?? []) resolve();
    entry.firstPoll = undefined;
    clearTimeout(entry.timer);
    this.#countLive(entry, false);
    entry.watch.dispose();
  }
}
