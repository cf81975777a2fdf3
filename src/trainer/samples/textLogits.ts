import type { Disposable } from '../../base/disposables.ts';
import { encodeModel, Graph, sizeOf } from '../../graph/index.ts';
import type { Program, RememberingText, TextSampleProgram } from '../../recipes/recipe.ts';
import { modelOptions } from '../devices/providers.ts';
import { type AverageWeights, weightsInput } from '../engine/heldState.ts';
import { ModelSession, type Placement, type TensorInput } from '../engine/session.ts';
import { declareParameters } from '../engine/trainStep.ts';

/** Logits for texts that are being written, [count, length] tokens beside each other. */
export interface TextLogits extends Disposable {
  /** Begins a new set of texts. */
  begin(): void;
  /** The logits of one place of each text, row by row. */
  at(average: AverageWeights, tokens: Int32Array, places: readonly number[]): Promise<Float32Array>;
}

/** The faster way where the program has one, else a pass over all tokens for each new one. */
export async function createTextLogits(
  program: Program,
  samples: TextSampleProgram,
  placement: Placement,
): Promise<TextLogits> {
  const { remembering } = samples;
  if (remembering === undefined) return await WholeTexts.create(program, samples, placement);
  return await RememberedTexts.create(program, samples, remembering, placement);
}

class WholeTexts implements TextLogits {
  readonly #session: ModelSession;
  readonly #shape: readonly [count: number, length: number];

  private constructor(session: ModelSession, { count, length }: TextSampleProgram) {
    this.#session = session;
    this.#shape = [count, length];
  }

  static async create(program: Program, samples: TextSampleProgram, placement: Placement): Promise<WholeTexts> {
    const graph = new Graph();
    const pack = declareParameters(graph, program, 'average');
    const tokens = graph.input('tokens', [samples.count, samples.length], 'int32');
    const places = graph.input('places', [samples.count], 'int64');
    const logits = samples.build(graph, (name) => pack.get(name), tokens, places);
    void pack.flat;
    const model = encodeModel(graph, { logits }, modelOptions[placement.device]);
    return new WholeTexts(await ModelSession.create(model, placement), samples);
  }

  begin(): void {
    // Nothing is kept between two passes.
  }

  async at(average: AverageWeights, tokens: Int32Array, places: readonly number[]): Promise<Float32Array> {
    const outputs = await this.#session.run({
      average: weightsInput(average),
      tokens: { data: tokens, shape: this.#shape },
      places: { data: BigInt64Array.from(places, BigInt), shape: [places.length] },
    });
    return outputs['logits'] as Float32Array;
  }

  dispose(): void {
    this.#session.dispose();
  }
}

/** Names of the next state among the outputs of the model. */
const nextPrefix = 'next:';

/** Each token passes through the network once; keys and values of the ones before are handed back to it. */
class RememberedTexts implements TextLogits {
  readonly #session: ModelSession;
  readonly #samples: TextSampleProgram;
  readonly #shapes: RememberingText['state'];
  #state: Readonly<Record<string, TensorInput>> = {};
  #fed = 0;

  private constructor(session: ModelSession, samples: TextSampleProgram, { state }: RememberingText) {
    this.#session = session;
    this.#samples = samples;
    this.#shapes = state;
  }

  static async create(
    program: Program,
    samples: TextSampleProgram,
    remembering: RememberingText,
    placement: Placement,
  ): Promise<RememberedTexts> {
    const graph = new Graph();
    const pack = declareParameters(graph, program, 'average');
    const token = graph.input('token', [samples.count], 'int32');
    const place = graph.input('place', [], 'int64');
    const state = Object.fromEntries(
      Object.entries(remembering.state).map(([name, shape]) => [name, graph.input(name, shape)]),
    );
    const { logits, next } = remembering.build(graph, (name) => pack.get(name), token, place, state);
    void pack.flat;
    const named = Object.entries(next).map(([name, value]) => [nextPrefix + name, value] as const);
    const outputs = { logits, ...Object.fromEntries(named) };
    const model = encodeModel(graph, outputs, modelOptions[placement.device]);
    return new RememberedTexts(await ModelSession.create(model, placement), samples, remembering);
  }

  begin(): void {
    this.#fed = 0;
    this.#state = this.#statesOf((_name, shape) => new Float32Array(sizeOf(shape)));
  }

  /** Texts are written forward, so all are at one place, and what stands before it is fed where it was not yet. */
  async at(average: AverageWeights, tokens: Int32Array, [place = 0]: readonly number[]): Promise<Float32Array> {
    let logits = new Float32Array();
    while (this.#fed < place) logits = await this.#feed(average, tokens);
    return logits;
  }

  dispose(): void {
    this.#session.dispose();
  }

  async #feed(average: AverageWeights, tokens: Int32Array): Promise<Float32Array<ArrayBuffer>> {
    const { count, length } = this.#samples;
    const place = this.#fed++;
    const token = Int32Array.from({ length: count }, (_, row) => tokens[row * length + place]!);
    const outputs = await this.#session.run({
      average: weightsInput(average),
      token: { data: token, shape: [count] },
      place: { data: BigInt64Array.of(BigInt(place)), shape: [] },
      ...this.#state,
    });
    this.#state = this.#statesOf((name) => outputs[nextPrefix + name] as Float32Array);
    return outputs['logits'] as Float32Array<ArrayBuffer>;
  }

  #statesOf(dataOf: (name: string, shape: readonly number[]) => Float32Array): Readonly<Record<string, TensorInput>> {
    return Object.fromEntries(
      Object.entries(this.#shapes).map(([name, shape]) => [name, { data: dataOf(name, shape), shape }]),
    );
  }
}
