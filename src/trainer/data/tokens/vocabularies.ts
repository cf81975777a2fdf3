import type { VocabularyFacts } from '../../../recipes/data.ts';

/** Bytes are their own tokens; behind them come padding and the mask of masked training. */
export const byteVocabulary = { kind: 'bytes', size: 258, pad: 256, mask: 257 } as const satisfies VocabularyFacts;

/** Padding, mask, unknown, A, C, G, T: the seven tokens of GPN (Benegas et al., PNAS 120(44), 2023), which has them in this order. */
export const dnaVocabulary = { kind: 'dna', size: 7, pad: 0, mask: 1, unknown: 2 } as const satisfies VocabularyFacts;

const firstBase = 3;
const lastBase = 6;

/** Token of a base by its letter's code in either case; what is no base is `unknown`. U, of RNA, is read as T. */
export const dnaTokens: Uint8Array = Uint8Array.from({ length: 256 }, (_, code) => {
  const base = 'ACGT'.indexOf(String.fromCharCode(code).toUpperCase().replace('U', 'T'));
  return base === -1 ? dnaVocabulary.unknown : firstBase + base;
});

/** Turns the first `length` tokens from `start` on into the other strand's: the order reversed, A and T, C and G exchanged. */
export function reverseComplement(tokens: Int32Array, weights: Float32Array, start: number, length: number): void {
  const strand = tokens.subarray(start, start + length).reverse();
  for (let i = 0; i < length; i++) {
    const token = strand[i]!;
    if (token >= firstBase) strand[i] = firstBase + lastBase - token;
  }
  weights.subarray(start, start + length).reverse();
}
