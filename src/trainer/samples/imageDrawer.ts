import { Disposables } from '../../base/disposables.ts';
import type { ImageSampleProgram, Program } from '../../recipes/recipe.ts';
import type { AverageWeights } from '../engine/heldState.ts';
import { Judge } from '../engine/judge.ts';
import type { Placement } from '../engine/session.ts';
import { imageGrid } from '../files/imageGrid.ts';
import { samplesTag } from '../run/metrics.ts';
import type { DrawnSamples, SampleDrawer } from './drawnSamples.ts';
import { ImageSampler } from './imageSampler.ts';

/** Samples that are images: one picture of them, and the figures of the judge. The model that draws is made when it is first needed. */
export class ImageDrawer extends Disposables implements SampleDrawer {
  readonly #make: () => Promise<ImageSampler>;
  readonly #samples: ImageSampleProgram;
  readonly #judge: Judge | undefined;
  #sampler: ImageSampler | undefined;

  private constructor(samples: ImageSampleProgram, judge: Judge | undefined, make: () => Promise<ImageSampler>) {
    super();
    this.#samples = samples;
    this.#judge = judge === undefined ? undefined : this.add(judge);
    this.#make = make;
  }

  static async create(
    this: void,
    program: Program,
    samples: ImageSampleProgram,
    seed: number,
    placement: Placement,
  ): Promise<ImageDrawer> {
    const { judge } = samples;
    const loaded = judge === undefined ? undefined : await Judge.create(judge, placement.threads);
    return new ImageDrawer(samples, loaded, () => ImageSampler.create(program, samples, seed, placement));
  }

  async draw(average: AverageWeights, pause: () => Promise<void>): Promise<DrawnSamples> {
    this.#sampler ??= this.add(await this.#make());
    const drawn = await this.#sampler.draw(average, pause);
    const { shown, columns } = this.#samples;
    const { bytes, ...size } = imageGrid(drawn, shown, columns);
    const metrics = (await this.#judge?.measure(drawn, pause)) ?? {};
    const event = { kind: 'image', tag: samplesTag, png: bytes, ...size } as const;
    return { bytes, shown: Math.min(shown, drawn.count), event, metrics };
  }
}
