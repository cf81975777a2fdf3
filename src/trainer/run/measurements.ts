import { Disposables } from '../../base/disposables.ts';
import { Evaluator } from '../engine/evaluation.ts';
import { Judge } from '../engine/judge.ts';
import { Sampler } from '../engine/sampler.ts';
import type { EventFile } from '../events/eventFile.ts';
import type { EventContent } from '../events/eventRecord.ts';
import { imageGrid } from '../files/imageGrid.ts';
import { samplesTag } from './metrics.ts';
import type { PreparedRun } from './prepareRun.ts';
import type { RunFolder } from './runFolder.ts';

/** What a run does beside training: evaluations on held-out data, samples and their judge. Models are made when first needed. */
export class Measurements extends Disposables {
  readonly #run: PreparedRun;
  readonly #folder: RunFolder;
  readonly #events: EventFile;
  #evaluators: readonly Evaluator[] | undefined;
  #sampler: Sampler | undefined;
  #judge: Judge | undefined;

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

  /** Loads the judge, so that a wrong one is refused before training begins and not at its end. */
  async prepare(): Promise<void> {
    const judge = this.#run.program.samples?.judge;
    if (judge !== undefined) this.#judge ??= this.add(await Judge.create(judge, this.#run.placement.threads));
  }

  /** Evaluates the averaged weights of a step and logs the figures. */
  async evaluate(
    average: Float32Array,
    step: number,
    pause: () => Promise<void>,
  ): Promise<ReadonlyMap<string, number>> {
    this.#evaluators ??= await this.#makeEvaluators();
    const figures = new Map<string, number>();
    for (const evaluator of this.#evaluators) {
      for (const [tag, value] of await evaluator.measure(average, pause)) figures.set(tag, value);
    }
    this.#log(step, figures);
    return figures;
  }

  /** Draws samples from the averaged weights of a step: a picture in the run directory and the log, and the judge's figures. */
  async sample(average: Float32Array, step: number, pause: () => Promise<void>): Promise<ReadonlyMap<string, number>> {
    const { program, settings, placement } = this.#run;
    const samples = program.samples!;
    this.#sampler ??= this.add(await Sampler.create(program, samples, settings.seed, placement));
    const drawn = await this.#sampler.draw(average, pause);
    const { bytes: png, ...size } = imageGrid(drawn, samples.shown, samples.columns);
    this.#folder.writeSample(step, png);
    this.#events.write(step, { kind: 'image', tag: samplesTag, png, ...size });
    await this.prepare();
    const figures = new Map(this.#judge === undefined ? [] : Object.entries(await this.#judge.measure(drawn, pause)));
    this.#log(step, figures);
    return figures;
  }

  async #makeEvaluators(): Promise<readonly Evaluator[]> {
    const { program, dataSets, placement } = this.#run;
    const made: Evaluator[] = [];
    for (const evaluation of program.evaluations) {
      const set = dataSets.find(({ name }) => name === evaluation.data);
      if (set !== undefined) made.push(this.add(await Evaluator.create(program, evaluation, set, placement)));
    }
    return made;
  }

  #log(step: number, figures: ReadonlyMap<string, number>): void {
    if (figures.size === 0) return;
    const content: EventContent = { kind: 'scalars', values: [...figures].map(([tag, value]) => ({ tag, value })) };
    this.#events.write(step, content);
  }
}
