import type { TokenSource, VocabularyFacts } from '../../../recipes/data.ts';
import type { ExampleReader } from '../exampleReader.ts';
import { OpenFiles } from '../files/openFiles.ts';
import type { SequenceReader } from './sequence.ts';
import { type SequencePlan, sequenceReader } from './sequences.ts';
import { reverseComplement } from './vocabularies.ts';
import { type Stretch, WindowIndex } from './windows.ts';

/** All that windows of tokens are read from. */
export interface TokenPlan {
  readonly kind: 'tokens';
  readonly sequences: readonly SequencePlan[];
  readonly stretches: readonly Stretch[];
  readonly vocabulary: VocabularyFacts;
  readonly source: Pick<TokenSource, 'window' | 'stride' | 'softMaskWeight' | 'reverseComplement'>;
}

/** Reads windows: `tokens` int32 [window] and `weights` float32 [window], filled up with padding that weighs nothing. */
export class TokenReader implements ExampleReader {
  readonly #plan: TokenPlan;
  readonly #windows: WindowIndex;
  readonly #files: OpenFiles;
  readonly #readers: (SequenceReader | undefined)[] = [];

  constructor(plan: TokenPlan, files: OpenFiles = new OpenFiles()) {
    this.#plan = plan;
    this.#windows = new WindowIndex(plan.stretches, plan.source.window, plan.source.stride);
    this.#files = files;
  }

  get examples(): number {
    return this.#windows.count;
  }

  gather(indices: ArrayLike<number>, draws?: Uint32Array): { tokens: Int32Array; weights: Float32Array } {
    const { source, vocabulary } = this.#plan;
    const { window } = source;
    const tokens = new Int32Array(indices.length * window);
    const weights = new Float32Array(indices.length * window);
    for (let i = 0; i < indices.length; i++) {
      const { sequence, start, length } = this.#windows.at(indices[i]! % this.examples);
      const at = i * window;
      this.#reader(sequence)(start, length, tokens, weights, at);
      if (length < window) tokens.fill(vocabulary.pad, at + length, at + window);
      const isReversed = source.reverseComplement && draws !== undefined && draws[i]! % 2 === 1;
      if (isReversed) reverseComplement(tokens, weights, at, length);
    }
    return { tokens, weights };
  }

  dispose(): void {
    this.#files.dispose();
  }

  #reader(sequence: number): SequenceReader {
    const { sequences, source } = this.#plan;
    this.#readers[sequence] ??= sequenceReader(sequences[sequence]!, this.#files, source.softMaskWeight);
    return this.#readers[sequence]!;
  }
}
