import type { Disposable } from '../../base/disposables.ts';
import { type SeededRandom, seededRandom } from '../../graph/index.ts';
import type { Program, TextSampleProgram } from '../../recipes/recipe.ts';
import type { TokenText } from '../data/tokens/tokenText.ts';
import type { AverageWeights } from '../engine/heldState.ts';
import type { Placement } from '../engine/session.ts';
import { type ChoiceSettings, chooseToken } from './chooseToken.ts';
import { createTextLogits, type TextLogits } from './textLogits.ts';

/** What a sampler of texts is made of. */
export interface TextSamplerParts {
  readonly program: Program;
  readonly samples: TextSampleProgram;
  /** Tokens of the prompt. */
  readonly prompt: readonly number[];
  readonly text: TokenText;
  /** That of the run. */
  readonly seed: number;
  readonly placement: Placement;
}

/**
 * Writes texts token by token with the averaged weights. What is chosen depends on the weights and the seed alone.
 */
export class TextSampler implements Disposable {
  readonly #logits: TextLogits;
  readonly #parts: TextSamplerParts;
  readonly #ordinary: readonly number[];

  private constructor(logits: TextLogits, parts: TextSamplerParts) {
    this.#logits = logits;
    this.#parts = parts;
    const { size, pad, mask, unknown } = parts.samples.vocabulary;
    const special = new Set([pad, mask, unknown]);
    this.#ordinary = Array.from({ length: size }, (_, token) => token).filter((token) => !special.has(token));
  }

  /** Builds and loads the model that gives logits. */
  static async create(parts: TextSamplerParts): Promise<TextSampler> {
    return new TextSampler(await createTextLogits(parts.program, parts.samples, parts.placement), parts);
  }

  /** The texts. `pause` is called between tokens, so that signals are seen; it may throw. */
  async draw(average: AverageWeights, pause: () => Promise<void>): Promise<readonly string[]> {
    const { samples, text } = this.#parts;
    const { count, length } = samples;
    const random = seededRandom(this.#parts.seed ^ 0x5a3c);
    const tokens = new Int32Array(count * length).fill(samples.blank);
    const given = this.#begin(tokens, random);
    this.#logits.begin();
    const orders = Array.from({ length: count }, () => this.#order(given, random));
    for (let i = 0; i < length - given; i++) {
      await pause();
      await this.#writeOne(
        average,
        tokens,
        orders.map((order) => order[i]!),
        random,
      );
    }
    const rows = Array.from({ length: count }, (_, row) => tokens.subarray(row * length, (row + 1) * length));
    return rows.map((row) => text.decode(row));
  }

  dispose(): void {
    this.#logits.dispose();
  }

  /** Puts the beginning of every text in its place, and gives how many tokens that are: the prompt, or one by chance where a text needs a first one. */
  #begin(tokens: Int32Array, random: SeededRandom): number {
    const { samples, prompt } = this.#parts;
    const { count, length, order } = samples;
    const needsFirst = prompt.length === 0 && order === 'forward';
    for (let row = 0; row < count; row++) {
      const first = needsFirst ? [this.#ordinary[Math.floor(random.uniform() * this.#ordinary.length)]!] : prompt;
      tokens.set(first.slice(0, length), row * length);
    }
    return needsFirst ? 1 : Math.min(prompt.length, length);
  }

  /** The places that are to be filled behind the given ones, in the order of their turn. */
  #order(given: number, random: SeededRandom): readonly number[] {
    const places = Array.from({ length: this.#parts.samples.length - given }, (_, i) => given + i);
    if (this.#parts.samples.order === 'forward') return places;
    const keyed = places.map((place) => ({ place, key: random.uniform() }));
    return keyed.sort((a, b) => a.key - b.key).map(({ place }) => place);
  }

  /** Chooses the token at one place of every text. */
  async #writeOne(
    average: AverageWeights,
    tokens: Int32Array,
    places: readonly number[],
    random: SeededRandom,
  ): Promise<void> {
    const { count, length, temperature, topK } = this.#parts.samples;
    const logits = await this.#logits.at(average, tokens, places);
    const width = logits.length / count;
    const settings: ChoiceSettings = { temperature, topK, allowed: this.#ordinary };
    for (const [row, place] of places.entries()) {
      const own = logits.subarray(row * width, (row + 1) * width);
      tokens[row * length + place] = chooseToken(own, settings, random.uniform());
    }
  }
}
