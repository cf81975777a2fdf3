import type { Disposable } from '../../base/disposables.ts';
import { encodeModel, Graph, type SeededRandom, seededRandom } from '../../graph/index.ts';
import type { Program, TextSampleProgram } from '../../recipes/recipe.ts';
import type { TokenText } from '../data/tokens/tokenText.ts';
import { modelOptions } from '../devices/providers.ts';
import { ModelSession, type Placement } from '../engine/session.ts';
import { declareParameters } from '../engine/trainStep.ts';
import { type ChoiceSettings, chooseToken } from './chooseToken.ts';

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
 * Writes texts token by token with the averaged weights. Every token costs one pass over all places of all texts; what was chosen depends on the
 * weights and the seed alone.
 */
export class TextSampler implements Disposable {
  readonly #session: ModelSession;
  readonly #parts: TextSamplerParts;
  readonly #ordinary: readonly number[];

  private constructor(session: ModelSession, parts: TextSamplerParts) {
    this.#session = session;
    this.#parts = parts;
    const { size, pad, mask, unknown } = parts.samples.vocabulary;
    const special = new Set([pad, mask, unknown]);
    this.#ordinary = Array.from({ length: size }, (_, token) => token).filter((token) => !special.has(token));
  }

  /** Builds and loads the model that gives logits. */
  static async create(parts: TextSamplerParts): Promise<TextSampler> {
    const { program, samples, placement } = parts;
    const graph = new Graph();
    const pack = declareParameters(graph, program, 'average');
    const tokens = graph.input('tokens', [samples.count, samples.length], 'int32');
    const places = graph.input('places', [samples.count], 'int64');
    const logits = samples.build(graph, (name) => pack.get(name), tokens, places);
    void pack.flat;
    const model = encodeModel(graph, { logits }, modelOptions[placement.device]);
    return new TextSampler(await ModelSession.create(model, placement), parts);
  }

  /** The texts. `pause` is called between tokens, so that signals are seen; it may throw. */
  async draw(average: Float32Array, pause: () => Promise<void>): Promise<readonly string[]> {
    const { samples, text } = this.#parts;
    const { count, length } = samples;
    const random = seededRandom(this.#parts.seed ^ 0x5a3c);
    const tokens = new Int32Array(count * length).fill(samples.blank);
    const given = this.#begin(tokens, random);
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
    this.#session.dispose();
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
    average: Float32Array,
    tokens: Int32Array,
    places: readonly number[],
    random: SeededRandom,
  ): Promise<void> {
    const { count, length, temperature, topK } = this.#parts.samples;
    const outputs = await this.#session.run({
      average: { data: average, shape: [average.length] },
      tokens: { data: tokens, shape: [count, length] },
      places: { data: BigInt64Array.from(places, BigInt), shape: [count] },
    });
    const logits = outputs['logits'] as Float32Array;
    const width = logits.length / count;
    const settings: ChoiceSettings = { temperature, topK, allowed: this.#ordinary };
    for (const [row, place] of places.entries()) {
      const own = logits.subarray(row * width, (row + 1) * width);
      tokens[row * length + place] = chooseToken(own, settings, random.uniform());
    }
  }
}
