import { fixedMemory, startProgram, type WasmMemory } from '../../base/webAssembly.ts';
import type { OptimizerName, OptimizerSettings } from '../../recipes/recipe.ts';
import type { Schedule } from './optimizer.ts';
import type { ParameterPart } from './parameterParts.ts';
import { type StateKey, stateKeys } from './stepNames.ts';
import { updateBytes } from './updateBytes.ts';

/** By what a group of parts is updated at a step. */
export interface GroupUpdate {
  readonly settings: OptimizerSettings;
  readonly schedule: Schedule<number>;
}

/** States that lie side by side: what a call begins with, and what it makes. */
export const heldStates = 2;

/** Vectors begin at multiples of so many numbers, 64 bytes, which are a line of the processor's cache. */
const alignment = 16;
const numberBytes = 4;

/** Addresses have 32 bits; the rest is for the rounding up of parts. */
const mostBytes = 4e9;

/** Whether an optimizer of these settings can be computed here. */
export function hasUpdateKernel(kinds: readonly OptimizerName[], parameters: number): boolean {
  return kinds.every((kind) => rules[kind] !== undefined) && updateBytesOf(parameters, true) < mostBytes;
}

/** Whether averaged weights are kept beside the parameters, which they equal without decay. */
export function keepsAverages({ emaDecay }: OptimizerSettings): boolean {
  return emaDecay !== 0;
}

/** Bytes of all states and gradients, but for the rounding up of every part. */
export function updateBytesOf(parameters: number, averages: boolean): number {
  return (heldStates * keysOf(averages).length + 1) * parameters * numberBytes;
}

/**
 * Two states of an optimizer and the gradients of a step in one memory of WebAssembly, whose program passes over all of it once per step. In the graph each operation of a rule
 * passes over whole vectors, eleven in all for AdamW, which takes three to five times as long (test/bench/results/engine.md).
 */
export class UpdateMemory {
  readonly #program: Program;
  readonly #memory: WasmMemory;
  readonly #keys: readonly StateKey[];
  readonly #parts: readonly ParameterPart[];
  /** Where each part begins in a vector, in bytes. */
  readonly #offsets: readonly number[];
  /** Bytes of a vector with all parts. */
  readonly #vectorBytes: number;

  /** Without `averages` no averaged weights are kept. */
  constructor(parts: readonly ParameterPart[], averages: boolean) {
    const ends = runningSums(parts.map(({ size }) => roundUp(size, alignment) * numberBytes));
    this.#parts = parts;
    this.#offsets = [0, ...ends.slice(0, -1)];
    this.#vectorBytes = ends.at(-1) ?? 0;
    this.#keys = keysOf(averages);
    this.#memory = fixedMemory((heldStates * this.#keys.length + 1) * this.#vectorBytes);
    this.#program = startProgram<Program>(Buffer.from(updateBytes, 'base64'), this.#memory);
  }

  get averages(): boolean {
    return this.#keys.includes('average');
  }

  /** A part of a state's vector: the memory itself. Without averages, those are the parameters. */
  vector(state: number, key: StateKey, part: number): Float32Array {
    const index = Math.max(0, this.#keys.indexOf(key));
    return this.#view(this.#addressOf(state) + index * this.#vectorBytes, part);
  }

  /** Where the gradient of a part is to be put. */
  gradient(part: number): Float32Array {
    return this.#view(this.#gradients, part);
  }

  /** Of all gradients together. */
  gradientNorm(): number {
    return Math.fround(Math.sqrt(this.#program.squaredNorm(this.#gradients, this.#vectorBytes / numberBytes)));
  }

  /** One step from a state to a state, which may be the same, by the gradients times `scale`. `updates` has an entry for each group of parts. */
  update(from: number, to: number, updates: readonly GroupUpdate[], scale: number): void {
    for (const [i, { group, decays, size }] of this.#parts.entries()) {
      const { settings, schedule } = updates[group]!;
      const offset = this.#offsets[i]!;
      rules[settings.kind]!(this.#program, {
        place: [
          this.#addressOf(from) + offset,
          this.#addressOf(to) + offset,
          this.#vectorBytes,
          this.#gradients + offset,
          roundUp(size, alignment),
          scale,
        ],
        settings,
        stepSize: schedule.stepSize,
        rootOffset: schedule.rootOffset,
        ending: [
          decays && settings.weightDecay !== 0 ? schedule.weightKept : 1,
          this.averages,
          updates[0]!.schedule.averageGain,
        ],
      });
    }
  }

  /** Puts a state of arrays into a place. `valuesOf` gives the numbers of a part. */
  fill(state: number, valuesOf: (key: StateKey, part: number) => Float32Array): void {
    for (const key of this.#keys) {
      for (const i of this.#parts.keys()) this.vector(state, key, i).set(valuesOf(key, i));
    }
  }

  get #gradients(): number {
    return this.#addressOf(heldStates);
  }

  #addressOf(state: number): number {
    return state * this.#keys.length * this.#vectorBytes;
  }

  #view(vector: number, part: number): Float32Array {
    return new Float32Array(this.#memory.buffer, vector + this.#offsets[part]!, this.#parts[part]!.size);
  }
}

/** Addresses of the old and the new state, bytes from vector to vector, address of the gradient, how many numbers, and by what the gradient is multiplied. */
type Place = readonly [number, number, number, number, number, number];
/** What is kept of a weight, whether there are averaged weights, and how far they move. */
type Ending = readonly [number, boolean, number];

/** What assembly/rules.ts exports. */
interface Program {
  readonly adamw: (
    ...given: [...Place, firstKept: number, secondKept: number, stepSize: number, rootOffset: number, ...Ending]
  ) => void;
  readonly sgd: (...given: [...Place, firstKept: number, stepSize: number, ...Ending]) => void;
  readonly lion: (
    ...given: [...Place, blendKept: number, blendGain: number, firstKept: number, stepSize: number, ...Ending]
  ) => void;
  readonly squaredNorm: (values: number, count: number) => number;
}

interface RuleInputs {
  readonly place: Place;
  readonly settings: OptimizerSettings;
  readonly stepSize: number;
  readonly rootOffset: number;
  readonly ending: Ending;
}

type Rule = (program: Program, inputs: RuleInputs) => void;

/** How each optimizer is called; undefined for those that do more than pass over vectors, which the model of a step has to do. */
const rules: { readonly [Name in OptimizerName]: Rule | undefined } = {
  adamw: (program, { place, settings: { beta1, beta2 }, stepSize, rootOffset, ending }) =>
    program.adamw(...place, beta1, beta2, stepSize, rootOffset, ...ending),
  sgd: (program, { place, settings: { beta1 }, stepSize, ending }) => program.sgd(...place, beta1, stepSize, ...ending),
  lion: (program, { place, settings: { beta1, beta2 }, stepSize, ending }) =>
    program.lion(...place, beta1 * (1 - beta2), 1 - beta1, beta2, stepSize, ...ending),
  muon: undefined,
};

function keysOf(averages: boolean): readonly StateKey[] {
  return averages ? stateKeys : stateKeys.filter((key) => key !== 'average');
}

function roundUp(size: number, multiple: number): number {
  return Math.ceil(size / multiple) * multiple;
}

function runningSums(values: readonly number[]): readonly number[] {
  let sum = 0;
  return values.map((value) => {
    sum += value;
    return sum;
  });
}
