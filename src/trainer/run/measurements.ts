import { Disposables } from '../../base/disposables.ts';
import { Evaluator } from '../engine/evaluation.ts';
import type { AverageWeights } from '../engine/heldState.ts';
import type { EventFile } from '../events/eventFile.ts';
import type { EventContent } from '../events/eventRecord.ts';
import { createDrawer, sampleEndings } from '../samples/drawers.ts';
import type { SampleDrawer } from '../samples/drawnSamples.ts';
import type { PreparedRun } from './prepareRun.ts';
import type { RunFolder } from './runFolder.ts';

/** What a run does beside training: evaluations on held-out data, samples and their judge. Models are made when first needed. */
export class Measurements extends Disposables {
  readonly #run: PreparedRun;
  readonly #folder: RunFolder;
  readonly #events: EventFile;
  #evaluators: readonly Evaluator[] | undefined;
  #drawer: SampleDrawer | undefined;

  constructor(run: PreparedRun, folder: RunFolder, events: EventFile) {
    super();
    this.#run = run;
    this.#folder = folder;
    this.#events = events;
  }

  /** Evaluations whose data set is not there, by name of the data set. */
  get missing(): readonly string[] {
    const names = new Set(this.#run.dataSets.map(({ name }) => name));
    return this.#run.program.evaluations.map(({ data }) => data).filter((data) => !names.has(data));
  }

  get canEvaluate(): boolean {
    return this.#run.program.evaluations.length > this.missing.length;
  }

  get canSample(): boolean {
    return this.#run.program.samples !== undefined;
  }

  /** Loads what samples need, so that a wrong judge or prompt is refused before training begins and not at its end. */
  async prepare(): Promise<void> {
    const { program, settings, placement } = this.#run;
    const { samples } = program;
    if (samples !== undefined) {
      this.#drawer ??= this.add(await createDrawer(program, samples, settings.seed, placement));
    }
  }

  /** Evaluates the averaged weights of a step and logs the figures. */
  async evaluate(
    average: AverageWeights,
    step: number,
    pause: () => Promise<void>,
  ): Promise<ReadonlyMap<string, number>> {
    this.#evaluators ??= await this.#makeEvaluators();
    const figures = new Map<string, number>();
    for (const evaluator of this.#evaluators) {
      const measured = await evaluator.measure(average, pause);
      for (const [tag, value] of Object.entries(measured.figures)) figures.set(tag, value);
      for (const [tag, text] of Object.entries(measured.texts)) this.#events.write(step, { kind: 'text', tag, text });
    }
    this.#log(step, figures);
    return figures;
  }

  /** Draws samples from the averaged weights of a step into the run directory and the log, and gives the judge's figures. */
  async sample(
    average: AverageWeights,
    step: number,
    pause: () => Promise<void>,
  ): Promise<ReadonlyMap<string, number>> {
    await this.prepare();
    const { bytes, event, metrics } = await this.#drawer!.draw(average, pause);
    this.#folder.writeSample(step, sampleEndings[this.#run.program.samples!.kind], bytes);
    this.#events.write(step, event);
    const figures = new Map(Object.entries(metrics));
    this.#log(step, figures);
    return figures;
  }

  async #makeEvaluators(): Promise<readonly Evaluator[]> {
    const { program, dataSets, placement, settings } = this.#run;
    const made: Evaluator[] = [];
    for (const evaluation of program.evaluations) {
      const set = dataSets.find(({ name }) => name === evaluation.data);
      if (set !== undefined)
        made.push(this.add(await Evaluator.create(program, evaluation, set, placement, settings.dataThreads)));
    }
    return made;
  }

  #log(step: number, figures: ReadonlyMap<string, number>): void {
    if (figures.size === 0) return;
    const content: EventContent = { kind: 'scalars', values: [...figures].map(([tag, value]) => ({ tag, value })) };
    this.#events.write(step, content);
  }
}
