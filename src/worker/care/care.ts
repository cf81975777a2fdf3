import path from 'node:path';
import { Disposables } from '../../base/disposables.ts';
import type { Gpu } from '../../launch/local/gpu.ts';
import { diskPoint, heatPoint, memoryPoint } from './figures.ts';
import { type CareWarning, Warnings, type Watchpoint } from './watchpoints.ts';

const lookMs = 60_000;

export interface CareOptions {
  /** Folders whose disks matter: of runs that run, and of what is open. */
  readonly places: () => readonly string[];
  /** Whether a run runs or somebody looks; nothing is looked at otherwise. */
  readonly isNeeded: () => boolean;
  /** GPUs as they were seen within the last minute; undefined until then. */
  readonly gpus: () => readonly Gpu[] | undefined;
  readonly tell: (warning: CareWarning) => void;
}

/** Looks once a minute at what can ruin a night: disks, memory, heat. */
export class Care extends Disposables {
  readonly #options: CareOptions;
  readonly #warnings = new Warnings();
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
    const all = [...disks, await memoryPoint(), ...heat].filter((point) => point !== undefined);
    return [...new Map(all.map((point) => [point.key, point])).values()];
  }
}
