import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Disposable } from '../../base/disposables.ts';
import type { LaunchRecord } from '../../domain/launch.ts';
import { runFiles } from '../../domain/runDirectory.ts';
import { readJson } from '../files.ts';

/**
 * Hydra names its output folder by the second (`outputs/%Y-%m-%d/%H-%M-%S`, hydra/conf/__init__.py), so two programs that reach that point in one second
 * write into one folder. Started so far apart, programs that take equally long to get there, give or take half a second, do not.
 */
const apartMs = 1_500;

export interface TurnClock {
  /** Milliseconds of a clock that never steps back. */
  now(): number;
  /** Rejects when the signal comes first. */
  sleep(ms: number, signal: AbortSignal): Promise<unknown>;
}

const steadyClock: TurnClock = {
  now: () => performance.now(),
  sleep: (ms, signal) => delay(ms, undefined, { signal, ref: false }),
};

/** Lets starts that would share an output folder go one after the other. */
export class StartTurns implements Disposable {
  readonly #clock: TurnClock;
  readonly #end = new AbortController();
  readonly #waiting = new Set<string>();
  /** When the last turn of a folder was, or is going to be. */
  readonly #lastTurns = new Map<string, number>();

  constructor(clock: TurnClock = steadyClock) {
    this.#clock = clock;
  }

  /**
   * Waits until it is the turn of the run in `directory`, whose program writes below `folder`. False where it is not to be started by whoever asked: it
   * waits for its turn already, or this has been disposed.
   */
  async take(directory: string, folder: string): Promise<boolean> {
    if (this.#waiting.has(directory)) return false;
    this.#waiting.add(directory);
    try {
      const pause = this.#nextTurn(folder) - this.#clock.now();
      if (pause > 0) await this.#clock.sleep(pause, this.#end.signal);
      return !this.#end.signal.aborted;
    } catch (error) {
      if (this.#end.signal.aborted) return false;
      throw error;
    } finally {
      this.#waiting.delete(directory);
    }
  }

  /** Those who wait are not started: their jobs are as unclaimed as before, and the next worker starts them. */
  dispose(): void {
    this.#end.abort();
  }

  #nextTurn(folder: string): number {
    const now = this.#clock.now();
    for (const [each, at] of this.#lastTurns) if (at + apartMs <= now) this.#lastTurns.delete(each);
    const last = this.#lastTurns.get(folder);
    const turn = last === undefined ? now : last + apartMs;
    this.#lastTurns.set(folder, turn);
    return turn;
  }
}

/** The folder below which a run's program makes an output folder that is named by the second; undefined where it makes none, or one of the launch's own choice. */
export function folderNamedBySecond(directory: string): string | undefined {
  const record = readJson<LaunchRecord>(path.join(directory, runFiles.launch));
  if (record?.commandLaunch?.entry?.takes !== 'hydra') return undefined;
  const named = record.command.findLast((word) => /^\+*hydra\.(run|sweep)\.dir=/.test(word));
  return named === undefined || named.includes('${now') ? record.cwd : undefined;
}
