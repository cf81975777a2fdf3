import type { DeviceName } from '../../domain/device.ts';
import type { RunSettings } from '../config/runSettings.ts';
import { keepsState } from '../devices/providers.ts';

/** A call that is running cannot be stopped, so its steps must be over soon for a person and for the ones who stop jobs. */
const longestCallSeconds = 4;
/** Where handing the state over takes long itself, whoever stops waits for it anyway: the steps may then take so many times as long, up to the most. */
const stepsPerHandover = 4;
const mostCallSeconds = 12;
/** How much of a call may go to what is not its steps: handing the state over the bus and back. */
const overheadShare = 0.05;
/** Where a call beyond its steps costs next to nothing. */
export const usualSteps = 20;
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
 * on a device behind a bus, calls of one step and of several are timed first; all belong to the run. Where the state stays on the device, a call beyond its
 * steps costs next to nothing, as on the CPU. How steps are grouped does not change their numbers.
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
    this.#isMeasured = settings.stepsPerRun === 0 && device !== 'cpu' && !keepsState[device];
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
    const found = this.#solve();
    // What was measured says little of far more steps: it is looked at again with more of them first.
    if (found !== undefined && found.stepsPerCall <= mostGrowth * this.#largest) this.#timing = found;
    return this.#timing;
  }

  #wanted(): number {
    if (!this.#isMeasured) return affordableSteps(this.#settings.stepsPerRun || usualSteps, this.#secondsPerStep);
    if (this.#timing !== undefined) return this.#timing.stepsPerCall;
    const single = this.#fastest.get(1);
    if (single === undefined) return 1;
    const found = this.#solve();
    return found === undefined ? severalSteps(single) : mostGrowth * this.#largest;
  }

  /** The largest number of steps that was timed. */
  get #largest(): number {
    return Math.max(1, ...this.#fastest.keys());
  }

  /** t(n) = call + n · step, from the calls of one step and of the most. */
  #solve(): CallTiming | undefined {
    const single = this.#fastest.get(1);
    if (single === undefined) return undefined;
    // Were most of it the handing over, calls of several steps would be longer still than anybody would wait.
    if (single > mostCallSeconds) return { step: single, call: 0, stepsPerCall: 1 };
    const count = this.#largest;
    if (count === 1) return undefined;
    const several = this.#fastest.get(count)!;
    const step = Math.max((several - single) / (count - 1), several / count / 100);
    const call = Math.max(0, single - step);
    return { step, call, stepsPerCall: bestSteps(this.#settings, { step, call }, severalSteps(single)) };
  }
}

/** How many times as many steps as were timed a call may have without another look. */
const mostGrowth = 8;

/** Half as many steps where a call lasted far longer than it was to: another program may use the device now. */
function shortened(timing: CallTiming, count: number, seconds: number): CallTiming {
  const isLong = count > 1 && seconds > timing.call + 2 * longestSteps(timing.call);
  return isLong ? { ...timing, stepsPerCall: Math.ceil(count / 2) } : timing;
}

/**
 * Enough steps that their time stands out from that of a single call, in half a second. Two at least: of a long single call nobody knows yet whether the step or
 * the handing over of a large state takes its time.
 */
function severalSteps(secondsOfOne: number): number {
  return Math.max(2, Math.min(16, Math.floor(0.5 / secondsOfOne)));
}

/** Seconds that the steps of a call may take. */
function longestSteps(call: number): number {
  return Math.min(mostCallSeconds, longestCallSeconds + stepsPerHandover * call);
}

/** The smallest number of steps beside which the call costs little, moved to one that divides what is due, so that calls are of one length. */
function bestSteps(settings: RunSettings, { step, call }: Pick<CallTiming, 'step' | 'call'>, least: number): number {
  const longest = Math.max(1, Math.min(mostSteps, Math.floor(longestSteps(call) / step)));
  const wanted = Math.min(longest, Math.max(least, Math.ceil(call / (overheadShare * step))));
  const common = intervalsOf(settings).reduce((a, b) => greatestDivisor(a, b), settings.steps);
  for (let count = wanted; count <= Math.min(longest, 2 * wanted); count++) if (common % count === 0) return count;
  return wanted;
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

/** How many steps to fuse, so that a call stays short: `wanted`, or a half, a quarter… of it. One step as long as nothing is known about the speed. */
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
