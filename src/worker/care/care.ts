import path from 'node:path';
import { Disposables } from '../../base/disposables.ts';
import type { Job } from '../../domain/job.ts';
import type { Gpu } from '../../launch/local/gpu.ts';
import { diskPoint, heatPoint, memoryPoint } from './figures.ts';
import { type EndedBadly, outOfMemoryPoint } from './outOfMemory.ts';
import { type CareWarning, Warnings, type Watchpoint } from './watchpoints.ts';

const lookMs = 60_000;
/** For so long a run that ran out of memory is worth a line in the status bar. */
const rememberedMs = 3_600_000;

export interface CareOptions {
  /** Folders whose disks matter: of runs that run, and of what is open. */
  readonly places: () => readonly string[];
  /** Whether a run runs or somebody looks; nothing is looked at otherwise. */
  readonly isNeeded: () => boolean;
  /** GPUs as they were seen within the last minute; undefined until then. */
  readonly gpus: () => readonly Gpu[] | undefined;
  readonly tell: (warning: CareWarning) => void;
  readonly now?: () => number;
}

/** Looks once a minute at what can ruin a night: disks, memory, heat. */
export class Care extends Disposables {
  readonly #options: CareOptions;
  readonly #warnings = new Warnings();
  /** Ends that point at a danger for what is still to come, by what they have in common. */
  readonly #badEnds = new Map<string, EndedBadly>();
  #isLooking = false;

  constructor(options: CareOptions) {
    super();
    this.#options = options;
  }

  /** What is dangerous now: a client that comes later is told too. */
  get warnings(): readonly CareWarning[] {
    return this.#warnings.open;
  }

  start(): void {
    const timer = setInterval(() => {
      if (this.#options.isNeeded()) void this.look();
    }, lookMs);
    timer.unref();
    this.onDispose(() => clearInterval(timer));
  }

  /** A job has ended: one that ran out of memory is told, once for all that fail in the same way. One that refused itself took none, and its own end says what would fit. */
  noteEnd({ runName, failure }: Job): void {
    if (failure?.kind !== 'oom' || failure.hint !== undefined) return;
    const known = this.#badEnds.get(failure.signature);
    const names = [...(known?.names ?? []).filter((name) => name !== runName), runName];
    const noted = { names, failure, at: this.#now() };
    this.#badEnds.set(failure.signature, noted);
    const warning = this.#warnings.begin(outOfMemoryPoint(noted));
    if (warning !== undefined) this.#options.tell(warning);
  }

  /** Looks now, and says what has changed. */
  async look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      const points = await this.#points();
      if (this.isDisposed) return;
      for (const warning of this.#warnings.take(points)) this.#options.tell(warning);
    } finally {
      this.#isLooking = false;
    }
  }

  async #points(): Promise<readonly Watchpoint[]> {
    const places = [...new Set(this.#options.places().map((place) => path.resolve(place)))];
    const disks = await Promise.all(places.map(diskPoint));
    const heat = (this.#options.gpus() ?? []).map(heatPoint);
    for (const [key, { at }] of this.#badEnds) if (this.#now() - at > rememberedMs) this.#badEnds.delete(key);
    const ends = [...this.#badEnds.values()].map(outOfMemoryPoint);
    const all = [...disks, await memoryPoint(), ...heat, ...ends].filter((point) => point !== undefined);
    return [...new Map(all.map((point) => [point.key, point])).values()];
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }
}
