import type { OpenFiles } from '../files/openFiles.ts';
import { type FastaPlan, fastaReader } from './fasta.ts';
import type { SequenceName, SequenceReader } from './sequence.ts';
import { type TwoBitPlan, twoBitReader } from './twoBit.ts';

/** A sequence of tokens that was found in a file, with all that is needed to read it from anywhere. It can be handed to other threads. */
export type SequencePlan = BytesPlan | IdsPlan | FastaPlan | TwoBitPlan;

/** The bytes of a whole file, each of them a token. */
export interface BytesPlan extends SequenceName {
  readonly kind: 'bytes';
}

/** Tokens as numbers, little-endian, from `offset` on. */
export interface IdsPlan extends SequenceName {
  readonly kind: 'ids';
  readonly offset: number;
}

/** @param softMaskWeight weight of bases in lower case */
export function sequenceReader(plan: SequencePlan, files: OpenFiles, softMaskWeight: number): SequenceReader {
  return (readers[plan.kind] as MakeReader<SequencePlan>)(plan, files, softMaskWeight);
}

type MakeReader<Plan> = (plan: Plan, files: OpenFiles, softMaskWeight: number) => SequenceReader;

const readers: { readonly [K in SequencePlan['kind']]: MakeReader<Extract<SequencePlan, { kind: K }>> } = {
  bytes:
    ({ file }, files) =>
    (start, length, tokens, weights, at) => {
      tokens.set(files.open(file).read(start, length), at);
      weights.fill(1, at, at + length);
    },
  ids:
    ({ file, offset }, files) =>
    (start, length, tokens, weights, at) => {
      const bytes = files.open(file).read(offset + start * idBytes, length * idBytes);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      for (let i = 0; i < length; i++) tokens[at + i] = view.getUint32(i * idBytes, true);
      weights.fill(1, at, at + length);
    },
  fasta: fastaReader,
  twoBit: twoBitReader,
};

export const idBytes = 4;
