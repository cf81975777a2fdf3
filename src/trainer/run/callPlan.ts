import type { DeviceName } from '../../domain/device.ts';
import type { RunSettings } from '../config/runSettings.ts';

/** A call that is running cannot be stopped, so it must be short enough for a person and for the ones who stop jobs. */
const longestCallSeconds = 4;
/** How much of a call may go to what is not its steps: handing the state over the bus and back. */
const overheadShare = 0.05;
/** On the CPU a call beyond its steps costs next to nothing, and so many steps of any network fit into one model. */
export const usualOnCpu = 20;
const mostSteps = 1000;

/** What calls of one and of several steps took, and what that means. */
export interface CallTiming {
  /** Seconds of a step within a call, and of a call beyond its steps. */
  readonly step: number;
  readonly call: number;
  readonly stepsPerCall: number;
}

/**
 * How many steps the next call has. With a number in the configuration it is that one, or a half, a quarter… of it where a call would last too long. With 0
 * on a device behind a bus, calls of one step and of several are timed first; both belong to the run. How steps are grouped does not change their numbers.
 */
export class CallPlan {
  readonly #settings: RunSettings;
  readonly #isMeasured: boolean;
  /** Fastest call of each number of steps; the first of each, in which the device prepares itself, is left out. */
  readonly #fastest = new Map<number, number>();
  readonly #seen = new Set<number>();
  #secondsPerStep: number | undefined;
  #timing: CallTiming | undefined;

  constructor(settings: RunSettings, device: DeviceName) {
    this.#settings = settings;
    this.#isMeasured = settings.stepsPerRun === 0 && device !== 'cpu';
  }

  /** Steps of the call behind so many done steps: at most those until something is due. */
  next(done: number): number {
    return stepsOfNextCall(this.#settings, done, this.#wanted());
  }

  /** Learns from a call. Gives what was found out, once. */
  note(count: number, seconds: number): CallTiming | undefined {
    const current = seconds / count;
    this.#secondsPerStep = this.#secondsPerStep === undefined ? current : 0.8 * this.#secondsPerStep + 0.2 * current;
    if (!this.#isMeasured) return undefined;
    if (this.#timing !== undefined) {
      this.#timing = shortened(this.#timing, count, seconds);
      return undefined;
    }
    if (this.#seen.has(count)) {
      this.#fastest.set(count, Math.min(seconds, this.#fastest.get(count) ?? Number.POSITIVE_INFINITY));
    }
    this.#seen.add(count);
    this.#timing = this.#solve();
    return this.#timing;
  }

  #wanted(): number {
    if (!this.#isMeasured) return affordableSteps(this.#settings.stepsPerRun || usualOnCpu, this.#secondsPerStep);
    if (this.#timing !== undefined) return this.#timing.stepsPerCall;
    const single = this.#fastest.get(1);
    return single === undefined ? 1 : severalSteps(single);
  }

  /** t(n) = call + n · step, from the two points that were measured. */
  #solve(): CallTiming | undefined {
    const single = this.#fastest.get(1);
    if (single === undefined) return undefined;
    const count = severalSteps(single);
    // A step that long needs no company: the call is as long as calls may be.
    if (count === 1) return { step: single, call: 0, stepsPerCall: 1 };
    const several = this.#fastest.get(count);
    if (several === undefined) return undefined;
    const step = Math.max((several - single) / (count - 1), several / count / 100);
    const call = Math.max(0, single - step);
    return { step, call, stepsPerCall: bestSteps(this.#settings, { step, call }, count) };
  }
}

/** Half as many steps where a call lasted far longer than it was to: another program may use the device now. */
function shortened(timing: CallTiming, count: number, seconds: number): CallTiming {
  const isLong = count > 1 && seconds > timing.call + 2 * longestCallSeconds;
  return isLong ? { ...timing, stepsPerCall: Math.ceil(count / 2) } : timing;
}

/** Enough steps that their time stands out from that of a single call, in half a second. */
function severalSteps(secondsOfOne: number): number {
  return Math.max(1, Math.min(16, Math.floor(0.5 / secondsOfOne)));
}

/** The smallest number of steps beside which the call costs little, moved to one that divides what is due, since each other number needs a model of its own. */
function bestSteps(settings: RunSettings, { step, call }: Pick<CallTiming, 'step' | 'call'>, measured: number): number {
  const longest = Math.max(1, Math.min(mostSteps, Math.floor(longestCallSeconds / step)));
  const wanted = Math.min(longest, Math.max(measured, Math.ceil(call / (overheadShare * step))));
  const common = intervalsOf(settings).reduce((a, b) => greatestDivisor(a, b), settings.steps);
  for (let count = wanted; count <= Math.min(longest, 2 * wanted); count++) if (common % count === 0) return count;
  return wanted;
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

/**
 * How many steps to fuse, so that a call stays short: `wanted`, or a half, a quarter… of it, of which there are few, since each number
 * needs a model of its own. One step as long as nothing is known about the speed.
 */
export function affordableSteps(wanted: number, secondsPerStep: number | undefined): number {
  if (secondsPerStep === undefined) return 1;
  let count = wanted;
  while (count > 1 && count * secondsPerStep > longestCallSeconds) count = Math.ceil(count / 2);
  return count;
}

/** Steps until the call is full, something is due, or the run ends. */
export function stepsOfNextCall(settings: RunSettings, done: number, most: number): number {
  return Math.min(most, settings.steps - done, ...intervalsOf(settings).map((every) => every - (done % every)));
}

function intervalsOf({ checkpointEvery, sampleEvery, evaluateEvery }: RunSettings): readonly number[] {
  return [checkpointEvery, sampleEvery, evaluateEvery].filter((every) => every > 0);
}
