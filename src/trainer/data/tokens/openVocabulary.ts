import type { TokenSource, VocabularyFacts, VocabularyKind } from '../../../recipes/data.ts';
import { badData } from '../files/badData.ts';
import { byteVocabulary, dnaVocabulary } from './vocabularies.ts';

/** The tokens of a source. Throws AppError 'bad-data' where its tokenizer cannot be read. */
export function openVocabulary(source: Pick<TokenSource, 'vocabulary' | 'tokenizer'>): VocabularyFacts {
  return vocabularies[source.vocabulary](source.tokenizer);
}

const vocabularies: { readonly [K in VocabularyKind]: (file: string) => VocabularyFacts } = {
  bytes: () => byteVocabulary,
  dna: () => dnaVocabulary,
  tokenizer: (file) => {
    throw badData('Records cannot be read with a tokenizer yet.', { file, hint: 'Set vocabulary to bytes or dna.' });
  },
};
