import { AppError } from '../../base/errors.ts';
import type { RunId } from '../../domain/ids.ts';
import type { SweepRequest } from '../../domain/sweep.ts';
import type { StoredSweep, StoredTrial, SweepTable } from '../../store/sweepTable.ts';

/** The ledgers of all sweeps in memory. What changes is on disk before it counts. */
export class SweepBook {
  readonly #table: SweepTable;
  readonly #sweeps = new Map<string, StoredSweep>();
  readonly #ofRun = new Map<RunId, string>();

  constructor(table: SweepTable) {
    this.#table = table;
    for (const sweep of table.all()) this.#keep(sweep);
  }

  all(): readonly StoredSweep[] {
    return [...this.#sweeps.values()];
  }

  has(id: string): boolean {
    return this.#sweeps.has(id);
  }

  /** Throws `not-found`. */
  get(id: string): StoredSweep {
    const sweep = this.#sweeps.get(id);
    if (sweep !== undefined) return sweep;
    throw new AppError('not-found', `There is no sweep ${id}.`, { hint: 'Look at the list of sweeps again.' });
  }

  /** The sweep that a run belongs to. */
  ofRun(run: RunId): StoredSweep | undefined {
    const id = this.#ofRun.get(run);
    return id === undefined ? undefined : this.get(id);
  }

  add(sweep: StoredSweep): void {
    this.#table.add(sweep);
    this.#keep(sweep);
  }

  setPaused(id: string, paused: boolean): void {
    const sweep = this.get(id);
    this.#table.setPaused(id, paused);
    this.#sweeps.set(id, { ...sweep, paused });
  }

  /** Replaces trials; with a request id it is known afterwards how many that request changed. */
  save(id: string, changed: readonly StoredTrial[], requestId?: string): void {
    this.#table.saveTrials(id, changed, requestId);
    const sweep = this.get(id);
    const byIndex = new Map(changed.map((trial) => [trial.index, trial]));
    this.#keep({ ...sweep, trials: sweep.trials.map((trial) => byIndex.get(trial.index) ?? trial) });
  }

  /** How many trials a request has changed already; undefined where it is a new one. */
  startedBy(requestId: string): number | undefined {
    return this.#table.startedBy(requestId);
  }

  /** A name that no sweep of the folder has. */
  freeName({ name, launch, requestId }: SweepRequest): string {
    if (name === undefined) {
      const stem = (launch.name ?? 'sweep').slice(0, 60);
      return `${stem}-${requestId
        .slice(-6)
        .toLowerCase()
        .replace(/[^a-z0-9]/g, 'x')}`;
    }
    const taken = new Set(this.all().flatMap((sweep) => (sweep.folder === launch.folder ? [sweep.name] : [])));
    let free = name;
    for (let number = 2; taken.has(free); number++) free = `${name}-${number}`;
    return free;
  }

  #keep(sweep: StoredSweep): void {
    this.#sweeps.set(sweep.id, sweep);
    for (const { runs } of sweep.trials) for (const run of runs) this.#ofRun.set(run, sweep.id);
  }
}
