import { createHash } from 'node:crypto';
import path from 'node:path';
import { badData } from '../files/badData.ts';
import { type FoundFiles, hasEnding } from '../files/findFiles.ts';
import type { OpenFiles } from '../files/openFiles.ts';
import { rememberedScan } from '../files/rememberedScan.ts';
import type { TokenCorpus } from './corpus.ts';
import { indexFasta } from './fastaIndex.ts';
import type { SequencePlan } from './sequences.ts';
import { indexTwoBit } from './twoBitIndex.ts';
import { dnaVocabulary } from './vocabularies.ts';
import type { Stretch } from './windows.ts';

const twoBitEndings = ['.2bit'] as const;
export const dnaEndings = ['.fa', '.fasta', '.fna', '.ffn', ...twoBitEndings] as const;

/** The sequences of FASTA and 2bit files, without their long runs of unknown bases. */
export async function openDna(found: FoundFiles, files: OpenFiles): Promise<TokenCorpus> {
  // All are opened, also where their index is remembered: whether they lie in memory decides how they are read.
  for (const file of found.files) files.open(file);
  return await rememberedScan('dna', found.files, () => scanDna(found, files));
}

async function scanDna(found: FoundFiles, files: OpenFiles): Promise<TokenCorpus> {
  const sequences: SequencePlan[] = [];
  const stretches: Stretch[] = [];
  const names = new Map<string, string>();
  const hash = createHash('sha256');
  for (const file of found.files) {
    const index = hasEnding(file, twoBitEndings) ? indexTwoBit : indexFasta;
    for (const { plan, parts } of await index(files.open(file), hash)) {
      const other = names.get(plan.name);
      if (other !== undefined) throw twice(plan.name, other, file);
      names.set(plan.name, file);
      for (const part of parts) stretches.push({ sequence: sequences.length, ...part });
      sequences.push(plan);
    }
  }
  return { vocabulary: dnaVocabulary, sequences, stretches, sha256: hash.digest('hex') };
}

function twice(name: string, first: string, second: string): Error {
  const where = first === second ? `twice in ${path.basename(first)}` : `in ${path.basename(first)} and again`;
  return badData(`The sequence ${name} is ${where}.`, {
    file: second,
    hint: 'Leave one of them out, or give it another name: examples would count twice.',
  });
}
