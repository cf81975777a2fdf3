import type { TokenSource, VocabularyFacts } from '../../../recipes/data.ts';
import type { DataSetRequest } from '../../../recipes/recipe.ts';
import type { SequencePlan } from './sequences.ts';
import type { Stretch } from './windows.ts';

/** What was found in files: sequences, the stretches of them that examples are made of, and a hash of both. */
export interface TokenCorpus {
  readonly vocabulary: VocabularyFacts;
  readonly sequences: readonly SequencePlan[];
  readonly stretches: readonly Stretch[];
  readonly sha256: string;
}

export interface TokenRequest extends DataSetRequest {
  readonly source: TokenSource;
}
