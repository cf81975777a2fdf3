import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { DataSource, TokenSource } from '../../../../src/recipes/data.ts';
import type { DataSetRequest, DataSplit } from '../../../../src/recipes/recipe.ts';
import type { DataSet } from '../../../../src/trainer/data/dataSet.ts';
import { openDataSet } from '../../../../src/trainer/data/openDataSet.ts';

export function request(root: string, source: DataSource, split: DataSplit = 'train'): DataSetRequest {
  return { name: split, path: root, split, required: split === 'train', source };
}

/** Bytes in windows of 8 side by side, nothing held out, with changes. */
export function tokenSource(changes: Partial<TokenSource> = {}): TokenSource {
  return {
    kind: 'tokens',
    vocabulary: 'bytes',
    tokenizer: '',
    window: 8,
    stride: 8,
    testFraction: 0,
    testSequences: [],
    softMaskWeight: 1,
    reverseComplement: false,
    ...changes,
  };
}

/** Writes files, given by their path within the folder. Gives the folder. */
export function writeFiles(folder: string, files: Readonly<Record<string, string | Uint8Array>>): string {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), content);
  }
  return folder;
}

/** Opens a set, gives what is asked of it, and closes it. */
export async function withSet<T>(asked: DataSetRequest, use: (set: DataSet) => T): Promise<T> {
  const set = await openDataSet(asked);
  if (set === undefined) throw new Error(`There is no set at ${asked.path}.`);
  try {
    return await use(set);
  } finally {
    set.dispose();
  }
}

/** Every example of a set, one after the other. */
export function allExamples(set: DataSet): readonly { readonly tokens: number[]; readonly weights: number[] }[] {
  return Array.from({ length: set.facts.examples }, (_, i) => {
    const { tokens, weights } = set.gather([i]);
    return { tokens: Array.from(tokens as Int32Array), weights: Array.from(weights as Float32Array) };
  });
}
