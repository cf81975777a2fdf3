import type { TokenSource, VocabularyFacts, VocabularyKind } from '../../../recipes/data.ts';
import { openTokenizer } from './tokenizerFile.ts';
import { byteVocabulary, dnaVocabulary } from './vocabularies.ts';

/** The tokens of a source. Throws AppError 'bad-data' where its tokenizer cannot be read. */
export function openVocabulary(source: Pick<TokenSource, 'vocabulary' | 'tokenizer'>): VocabularyFacts {
  return vocabularies[source.vocabulary](source.tokenizer);
}

const vocabularies: { readonly [K in VocabularyKind]: (file: string) => VocabularyFacts } = {
  bytes: () => byteVocabulary,
  dna: () => dnaVocabulary,
  tokenizer: (file) => openTokenizer(file).facts,
};
