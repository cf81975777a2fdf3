import type { Disposable } from '../../base/disposables.ts';
import { encodeModel, Graph } from '../../graph/index.ts';
import { type ImageSampleProgram, type Program, randomCounter } from '../../recipes/recipe.ts';
import { modelOptions } from '../devices/providers.ts';
import { type AverageWeights, weightsInput } from '../engine/heldState.ts';
import { ModelSession, type Placement } from '../engine/session.ts';
import { declareParameters } from '../engine/trainStep.ts';

/** Images that the averaged weights made: [count, height, width, channels], 0 to 255, and the class that was asked for. */
export interface Samples {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly images: Uint8Array;
  readonly labels: readonly number[];
}

/** Draws samples from averaged weights, always from the same noise, so that pictures of different steps can be compared. */
export class ImageSampler implements Disposable {
  readonly #session: ModelSession;
  readonly #program: ImageSampleProgram;
  readonly #seed: number;
  readonly #shape: readonly number[];

  private constructor(session: ModelSession, program: ImageSampleProgram, seed: number, shape: readonly number[]) {
    this.#session = session;
    this.#program = program;
    this.#seed = seed;
    this.#shape = shape;
  }

  /** Builds and loads the model that draws. `seed` is that of the run; the noise of samples is not that of the steps. */
  static async create(
    program: Program,
    samples: ImageSampleProgram,
    seed: number,
    placement: Placement,
  ): Promise<ImageSampler> {
    const graph = new Graph();
    const pack = declareParameters(graph, program, 'average');
    const counter = graph.input('counter', [], 'int64');
    const { images, labels } = samples.build(graph, (name) => pack.get(name), counter);
    void pack.flat;
    const session = await ModelSession.create(
      encodeModel(graph, { images, labels }, modelOptions[placement.device]),
      placement,
    );
    return new ImageSampler(session, samples, seed ^ 0x5a3c, images.shape);
  }

  /** Draws all samples. `pause` is called between graph runs, so that signals are seen; it may throw. */
  async draw(average: AverageWeights, pause: () => Promise<void>): Promise<Samples> {
    const [batch, height, width, channels] = this.#shape as [number, number, number, number];
    const count = batch * this.#program.batches;
    const images = new Uint8Array(count * height * width * channels);
    const labels: number[] = [];
    for (let i = 0; i < this.#program.batches; i++) {
      await pause();
      const outputs = await this.#session.run({
        average: weightsInput(average),
        counter: { data: BigInt64Array.of(randomCounter(this.#seed, i)), shape: [] },
      });
      images.set(outputs['images'] as Uint8Array, i * batch * height * width * channels);
      for (const label of outputs['labels'] as BigInt64Array) labels.push(Number(label));
    }
    return { count, height, width, channels, images, labels };
  }

  dispose(): void {
    this.#session.dispose();
  }
}
