import { AppError } from '../../../base/errors.ts';
import type { VocabularyFacts, VocabularyKind } from '../../../recipes/data.ts';
import { openTokenizer } from './tokenizerFile.ts';

/** Tokens as text that people read, and back. */
export interface TokenText {
  /** `framed` adds what a tokenizer puts round a whole text. Throws AppError 'bad-config' for text that the vocabulary has no tokens for. */
  encode(text: string, framed?: boolean): readonly number[];
  /** Special tokens are left out, or shown by a sign where they have a place in the text. */
  decode(tokens: ArrayLike<number>): string;
}

/** The writing of a vocabulary. Throws AppError where its file is gone or damaged. */
export function openTokenText(vocabulary: VocabularyFacts): TokenText {
  return writings[vocabulary.kind](vocabulary);
}

const writings: { readonly [K in VocabularyKind]: (vocabulary: VocabularyFacts) => TokenText } = {
  bytes: () => ({
    encode: (text) => [...Buffer.from(text, 'utf8')],
    // A text may be cut in the middle of a character, and a young network writes bytes that are none: both become U+FFFD.
    decode: (tokens) => Buffer.from(Array.from(tokens).filter((token) => token < 256)).toString('utf8'),
  }),
  dna: () => ({
    encode: (text) => Array.from(text, baseToken),
    decode: (tokens) => Array.from(tokens, (token) => dnaSigns[token] ?? '?').join(''),
  }),
  tokenizer: ({ file = '' }) => {
    const { encode, decode } = openTokenizer(file);
    return { encode, decode: (tokens) => decode(Array.from(tokens)) };
  },
};

/** Padding, mask, unknown, and the bases, in the order of their tokens. */
const dnaSigns = ['-', '_', 'N', 'A', 'C', 'G', 'T'] as const;

function baseToken(letter: string): number {
  const token = dnaSigns.indexOf(letter.toUpperCase() as 'A');
  if (token >= 3) return token;
  throw new AppError('bad-config', `"${letter}" is no base, so a prompt cannot hold it.`, {
    hint: 'Write the prompt with the letters A, C, G and T.',
  });
}
