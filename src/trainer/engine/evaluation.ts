import type { Disposable } from '../../base/disposables.ts';
import { encodeModel, Graph } from '../../graph/index.ts';
import { exampleTensors } from '../../recipes/data.ts';
import type { Evaluation, Program } from '../../recipes/recipe.ts';
import { wholeSetReader } from '../data/batches.ts';
import type { DataSet } from '../data/dataSet.ts';
import type { AheadReader } from '../data/loader/aheadReader.ts';
import { modelOptions } from '../devices/providers.ts';
import { type AverageWeights, weightsInput } from './heldState.ts';
import { ModelSession, type Placement } from './session.ts';
import { batchInputs, declareParameters } from './trainStep.ts';

/** What an evaluation gave, by tag. */
export interface Measured {
  readonly figures: Readonly<Record<string, number>>;
  /** Markdown. */
  readonly texts: Readonly<Record<string, string>>;
}

/** Measures averaged weights over a whole data set. The order is that of the data set, so that the figures are repeatable. */
export class Evaluator implements Disposable {
  readonly #session: ModelSession;
  readonly #evaluation: Evaluation;
  readonly #set: DataSet;
  readonly #threads: number;

  private constructor(session: ModelSession, evaluation: Evaluation, set: DataSet, threads: number) {
    this.#session = session;
    this.#evaluation = evaluation;
    this.#set = set;
    this.#threads = threads;
  }

  /** Builds and loads the model of an evaluation. `dataThreads` read ahead, where the set does not lie in memory. */
  static async create(
    program: Program,
    evaluation: Evaluation,
    set: DataSet,
    placement: Placement,
    dataThreads = 0,
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
      dataThreads,
    );
  }

  /** Metrics over all examples and what is to be read beside them, by tag. `pause` is called between batches, so that signals are seen; it may throw. */
  async measure(average: AverageWeights, pause: () => Promise<void>): Promise<Measured> {
    const reader = wholeSetReader(this.#set, this.#evaluation.batchSize, this.#threads);
    try {
      const perExample = await this.#perExample(reader, average, pause);
      const figures = (this.#evaluation.summarize ?? means)(perExample);
      return { figures, texts: this.#evaluation.report?.(perExample) ?? {} };
    } finally {
      reader.dispose();
    }
  }

  dispose(): void {
    this.#session.dispose();
  }

  /** The outputs for every example, by tag. */
  async #perExample(
    reader: AheadReader,
    average: AverageWeights,
    pause: () => Promise<void>,
  ): Promise<Readonly<Record<string, Float32Array>>> {
    const { batchSize } = this.#evaluation;
    const { examples } = this.#set.facts;
    const shapes = Object.entries(exampleTensors(this.#set.facts)).map(
      ([name, { shape }]) => [name, [batchSize, ...shape]] as const,
    );
    const perExample: Record<string, Float32Array> = {};
    for (let start = 0; start < examples; start += batchSize) {
      await pause();
      const arrays = await reader.take(start, batchSize);
      const outputs = await this.#session.run({
        average: weightsInput(average),
        ...Object.fromEntries(shapes.map(([name, shape]) => [name, { data: arrays[name]!, shape }])),
      });
      const count = Math.min(batchSize, examples - start);
      for (const [tag, values] of Object.entries(outputs)) {
        perExample[tag] ??= new Float32Array(examples);
        perExample[tag].set((values as Float32Array).subarray(0, count), start);
      }
    }
    return perExample;
  }
}

function means(perExample: Readonly<Record<string, Float32Array>>): Record<string, number> {
  return Object.fromEntries(Object.entries(perExample).map(([tag, values]) => [tag, mean(values)]));
}

function mean(values: Float32Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total / values.length;
}
