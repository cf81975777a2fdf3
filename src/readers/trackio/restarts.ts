/** Where a log was taken up again. */
export interface Restart {
  readonly step: number;
  readonly wallTime: number;
}

/** A log that steps back again and again is not one that was resumed: its steps mean something else. */
const mostRestarts = 100;

/** What is remembered of a tag: its last step, and after which restart that was. */
export type TagSteps = readonly [lastStep: number, restart: number];

/** The last step of one tag, as it is while rows are read. */
export class TagClock {
  lastStep: number;
  restart: number;

  constructor([lastStep, restart]: TagSteps = [Number.NEGATIVE_INFINITY, 0]) {
    this.lastStep = lastStep;
    this.restart = restart;
  }
}

/**
 * Notices where a training was resumed under the same name with steps that begin anew: a tag steps back. Tags that step back one after the other belong
 * to one restart; a tag that is logged late at an early step, once, is none.
 */
export class RestartFinder {
  readonly restarts: Restart[];

  constructor(restarts: readonly Restart[]) {
    this.restarts = [...restarts];
  }

  see(clock: TagClock, step: number, wallTime: number): void {
    const now = this.restarts.length;
    if (step < clock.lastStep && clock.restart === now && now < mostRestarts) this.restarts.push({ step, wallTime });
    if (step < clock.lastStep || clock.lastStep === Number.NEGATIVE_INFINITY) clock.restart = this.restarts.length;
    clock.lastStep = step;
  }
}
