import type { OpenFiles } from '../files/openFiles.ts';
import type { SequenceName, SequenceReader } from './sequence.ts';
import { dnaTokens, dnaVocabulary } from './vocabularies.ts';

/** A sequence of a 2bit file. */
export interface TwoBitPlan extends SequenceName {
  readonly kind: 'twoBit';
  /** Where its packed bases begin. */
  readonly offset: number;
  readonly unknown: Runs;
  readonly masked: Runs;
}

/** Runs of bases in rising order, without overlaps: [start, end) each. */
export interface Runs {
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

/** Tokens of the two bits of a base (UCSC, "twoBit files"): T 00, C 01, A 10, G 11, the first base in the highest bits. */
const packedTokens = Uint8Array.from('TCAG', (letter) => dnaTokens[letter.charCodeAt(0)]!);
const basesPerByte = 4;

export function twoBitReader(plan: TwoBitPlan, files: OpenFiles, softMaskWeight: number): SequenceReader {
  const { file, offset, unknown, masked } = plan;
  return (start, length, tokens, weights, at) => {
    const first = Math.floor(start / basesPerByte);
    const last = Math.floor((start + length - 1) / basesPerByte);
    const bytes = files.open(file).read(offset + first, last - first + 1);
    for (let i = 0; i < length; i++) {
      const base = start + i;
      const packed = bytes[Math.floor(base / basesPerByte) - first]!;
      tokens[at + i] = packedTokens[(packed >> (6 - 2 * (base % basesPerByte))) & 3]!;
    }
    weights.fill(1, at, at + length);
    fillRuns(masked, start, length, (from, to) => weights.fill(softMaskWeight, at + from, at + to));
    fillRuns(unknown, start, length, (from, to) => {
      tokens.fill(dnaVocabulary.unknown, at + from, at + to);
      weights.fill(0, at + from, at + to);
    });
  };
}

/** Calls with each part of a run that lies within the `length` bases from `start` on, counted from there. */
function fillRuns(runs: Runs, start: number, length: number, fill: (from: number, to: number) => void): void {
  const { starts, ends } = runs;
  for (let run = firstEndingAfter(ends, start); run < starts.length && starts[run]! < start + length; run++) {
    fill(Math.max(0, starts[run]! - start), Math.min(length, ends[run]! - start));
  }
}

function firstEndingAfter(ends: Uint32Array, position: number): number {
  let low = 0;
  let high = ends.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ends[middle]! > position) high = middle;
    else low = middle + 1;
  }
  return low;
}
