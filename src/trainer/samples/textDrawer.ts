import type { Program, TextSampleProgram } from '../../recipes/recipe.ts';
import { openTokenText } from '../data/tokens/tokenText.ts';
import type { AverageWeights } from '../engine/heldState.ts';
import type { Placement } from '../engine/session.ts';
import { samplesTag } from '../run/metrics.ts';
import type { DrawnSamples, SampleDrawer } from './drawnSamples.ts';
import { TextSampler } from './textSampler.ts';

/** Samples that are texts: a file with one after another, and Markdown for the event file. */
export class TextDrawer implements SampleDrawer {
  readonly #make: () => Promise<TextSampler>;
  #sampler: TextSampler | undefined;

  private constructor(make: () => Promise<TextSampler>) {
    this.#make = make;
  }

  /** Refuses a prompt that the vocabulary has no tokens for. */
  static async create(
    this: void,
    program: Program,
    samples: TextSampleProgram,
    seed: number,
    placement: Placement,
  ): Promise<TextDrawer> {
    const text = openTokenText(samples.vocabulary);
    const prompt = text.encode(samples.prompt);
    return new TextDrawer(() => TextSampler.create({ program, samples, prompt, text, seed, placement }));
  }

  async draw(average: AverageWeights, pause: () => Promise<void>): Promise<DrawnSamples> {
    this.#sampler ??= await this.#make();
    const texts = await this.#sampler.draw(average, pause);
    const event = { kind: 'text', tag: samplesTag, text: texts.map(fenced).join('\n\n') } as const;
    return { bytes: Buffer.from(asFile(texts)), shown: texts.length, event, metrics: {} };
  }

  dispose(): void {
    this.#sampler?.dispose();
  }
}

/** Each text behind a line with its number. */
function asFile(texts: readonly string[]): string {
  return texts.map((text, i) => `===== ${i + 1} of ${texts.length} =====\n${text}\n`).join('\n');
}

/** As a block of code in Markdown, whose fence is longer than any in the text (CommonMark §4.5). */
function fenced(text: string): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((ticks) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${text}\n${fence}`;
}
