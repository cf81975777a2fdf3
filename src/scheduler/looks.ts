import type { Job } from '../domain/job.ts';

/** Jobs at targets with a queue of their own are looked at in turns, since there may be thousands. */
const looksPerTick = 200;

/** Whose turn it is to be looked at. Jobs of this machine are looked at every time. */
export class Looks {
  #turn = 0;

  next(started: readonly Job[]): readonly Job[] {
    const elsewhere = started.filter((job) => job.target !== 'local');
    if (elsewhere.length <= looksPerTick) return started;
    const from = this.#turn % elsewhere.length;
    this.#turn = from + looksPerTick;
    const turn = [...elsewhere, ...elsewhere].slice(from, from + looksPerTick);
    return [...started.filter((job) => job.target === 'local'), ...turn];
  }
}
