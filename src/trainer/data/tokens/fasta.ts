import type { OpenFiles } from '../files/openFiles.ts';
import type { SequenceName, SequenceReader } from './sequence.ts';
import { dnaTokens, dnaVocabulary } from './vocabularies.ts';

/** A sequence of a FASTA file. Lines may have any lengths. */
export interface FastaPlan extends SequenceName {
  readonly kind: 'fasta';
  /** Offset in the file of every `checkpointEvery`-th base, and of the sequence's end. */
  readonly checkpoints: Float64Array;
}

export const checkpointEvery = 1024;

/** What a byte of a FASTA file is. */
export const letterKinds = { base: 0, unknown: 1, blank: 2, other: 3 } as const;

/** IUPAC's letters of nucleotides (Cornish-Bowden, Nucleic Acids Research 13(9), 1985); X, gaps and stops stand for what is not known. */
const ambiguous = 'NRYSWKMBDHVX-.*';

/** `letterKinds` by byte. */
export const letters: Uint8Array = Uint8Array.from({ length: 256 }, (_, code) => {
  if (dnaTokens[code] !== dnaVocabulary.unknown) return letterKinds.base;
  const letter = String.fromCharCode(code);
  if (ambiguous.includes(letter.toUpperCase())) return letterKinds.unknown;
  return ' \t\r\n'.includes(letter) ? letterKinds.blank : letterKinds.other;
});

export function fastaReader(plan: FastaPlan, files: OpenFiles, softMaskWeight: number): SequenceReader {
  const weightOf = letterWeights(softMaskWeight);
  const { file, checkpoints } = plan;
  return (start, length, tokens, weights, at) => {
    const first = Math.floor(start / checkpointEvery);
    const from = checkpoints[first]!;
    const until = checkpoints[Math.floor((start + length - 1) / checkpointEvery) + 1]!;
    const bytes = files.open(file).read(from, until - from);
    let skip = start - first * checkpointEvery;
    let done = 0;
    for (let i = 0; done < length && i < bytes.length; i++) {
      const byte = bytes[i]!;
      if (letters[byte]! > letterKinds.unknown) continue;
      if (skip > 0) {
        skip--;
        continue;
      }
      tokens[at + done] = dnaTokens[byte]!;
      weights[at + done] = weightOf[byte]!;
      done++;
    }
  };
}

/** Weight by letter: unknown ones count nothing, lower case is soft-masked. */
function letterWeights(softMaskWeight: number): Float32Array {
  return Float32Array.from({ length: 256 }, (_, code) => {
    if (letters[code] !== letterKinds.base) return 0;
    const isLower = code >= 97;
    return isLower ? softMaskWeight : 1;
  });
}
