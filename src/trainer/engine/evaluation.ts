import type { Disposable } from '../../base/disposables.ts';
import { encodeModel, Graph } from '../../graph/index.ts';
import { exampleTensors } from '../../recipes/data.ts';
import type { Evaluation, Program } from '../../recipes/recipe.ts';
import type { DataSet } from '../data/dataSet.ts';
import { modelOptions } from '../devices/providers.ts';
import { ModelSession, type Placement } from './session.ts';
import { batchInputs, declareParameters } from './trainStep.ts';

/** Measures averaged weights over a whole data set. The order is that of the data set, so that the figures are repeatable. */
export class Evaluator implements Disposable {
  readonly #session: ModelSession;
  readonly #evaluation: Evaluation;
  readonly #set: DataSet;

  private constructor(session: ModelSession, evaluation: Evaluation, set: DataSet) {
    this.#session = session;
    this.#evaluation = evaluation;
    this.#set = set;
  }

  /** Builds and loads the model of an evaluation. */
  static async create(
    program: Program,
    evaluation: Evaluation,
    set: DataSet,
    placement: Placement,
  ): Promise<Evaluator> {
    const graph = new Graph();
    const pack = declareParameters(graph, program, 'average');
    const { batchSize } = evaluation;
    const batch = batchInputs(graph, set.facts, batchSize);
    const outputs = evaluation.build(graph, (name) => pack.get(name), batch);
    // Reading the flat vector closes the pack, also where the evaluation does not use every parameter.
    void pack.flat;
    return new Evaluator(
      await ModelSession.create(encodeModel(graph, outputs, modelOptions[placement.device]), placement),
      evaluation,
      set,
    );
  }

  /** The mean over all examples, by metric tag. `pause` is called between batches, so that signals are seen; it may throw. */
  async measure(average: Float32Array, pause: () => Promise<void>): Promise<ReadonlyMap<string, number>> {
    const { batchSize } = this.#evaluation;
    const { examples } = this.#set.facts;
    const shapes = Object.entries(exampleTensors(this.#set.facts)).map(
      ([name, { shape }]) => [name, [batchSize, ...shape]] as const,
    );
    const sums = new Map<string, number>();
    for (let start = 0; start < examples; start += batchSize) {
      await pause();
      const arrays = this.#set.gather(Array.from({ length: batchSize }, (_, i) => start + i));
      const outputs = await this.#session.run({
        average: { data: average, shape: [average.length] },
        ...Object.fromEntries(shapes.map(([name, shape]) => [name, { data: arrays[name]!, shape }])),
      });
      const count = Math.min(batchSize, examples - start);
      for (const [tag, values] of Object.entries(outputs)) {
        sums.set(tag, (sums.get(tag) ?? 0) + sum(values as Float32Array, count));
      }
    }
    return new Map([...sums].map(([tag, total]) => [tag, total / examples]));
  }

  dispose(): void {
    this.#session.dispose();
  }
}

function sum(values: Float32Array, count: number): number {
  let total = 0;
  for (let i = 0; i < count; i++) total += values[i]!;
  return total;
}
