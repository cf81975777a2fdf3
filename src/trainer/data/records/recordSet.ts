import { createHash } from 'node:crypto';
import type { RecordSource, TokenFacts } from '../../../recipes/data.ts';
import type { DataSetRequest, DataSplit } from '../../../recipes/recipe.ts';
import type { DataSet } from '../dataSet.ts';
import type { ExampleArrays } from '../exampleReader.ts';
import { badData } from '../files/badData.ts';
import { findFiles } from '../files/findFiles.ts';
import { heldOut } from '../heldOut.ts';
import { openVocabulary } from '../tokens/openVocabulary.ts';
import { openTokenText } from '../tokens/tokenText.ts';
import { readRecords, type TextRecord } from './recordFile.ts';

const endings = ['.jsonl', '.ndjson'] as const;

/**
 * Opens texts with classes. The classes are those of all parts, in the order of their names, so that they are the same for training and tests. Undefined where
 * nothing is held out for a part that is not required. Throws AppError 'bad-data'.
 */
export function openRecordSet(request: DataSetRequest & { readonly source: RecordSource }): DataSet | undefined {
  const { source, split, required, path: root } = request;
  const parts = allRecords(request);
  const classNames = [...new Set([...parts.train, ...parts.test].map(({ label }) => label))].sort(byCode);
  const records = parts[split];
  if (records.length === 0) {
    if (!required) return undefined;
    throw badData(`There are no ${split} records.`, { file: root });
  }
  if (classNames.length < 2) {
    throw badData(`All records have the label "${classNames[0]}", so there is nothing to tell apart.`, { file: root });
  }
  return new RecordSet(request, records, classNames, source);
}

class RecordSet implements DataSet {
  readonly name: DataSet['name'];
  readonly path: string;
  readonly facts: TokenFacts;
  readonly sha256: string;
  readonly #tokens: readonly (readonly number[])[];
  readonly #labels: readonly number[];

  constructor(
    request: DataSetRequest,
    records: readonly TextRecord[],
    classNames: readonly string[],
    source: RecordSource,
  ) {
    const vocabulary = openVocabulary(source);
    const { encode } = openTokenText(vocabulary);
    const { window } = source;
    this.name = request.name;
    this.path = request.path;
    this.facts = {
      kind: 'tokens',
      examples: records.length,
      window,
      vocabulary,
      weighted: true,
      classes: classNames.length,
      classNames,
    };
    this.#tokens = records.map(({ text }) => encode(text, true).slice(0, window));
    this.#labels = records.map(({ label }) => classNames.indexOf(label));
    this.sha256 = createHash('sha256').update(JSON.stringify(records)).digest('hex');
  }

  gather(indices: ArrayLike<number>): ExampleArrays {
    const { window, examples, vocabulary } = this.facts;
    const tokens = new Int32Array(indices.length * window).fill(vocabulary.pad);
    const weights = new Float32Array(indices.length * window);
    const labels = new BigInt64Array(indices.length);
    for (let i = 0; i < indices.length; i++) {
      const index = indices[i]! % examples;
      const own = this.#tokens[index]!;
      tokens.set(own, i * window);
      weights.fill(1, i * window, i * window + own.length);
      labels[i] = BigInt(this.#labels[index]!);
    }
    return { tokens, weights, labels };
  }

  dispose(): void {
    // The records lie in memory.
  }
}

/** The records of both parts: by the names of files, or some held out by hash. */
function allRecords(request: DataSetRequest & { readonly source: RecordSource }): {
  readonly [S in DataSplit]: readonly TextRecord[];
} {
  const read = (split: DataSplit) => {
    const found = findFiles({ ...request, split, required: true }, endings, 'JSON lines')!;
    return { isNamed: found.isNamed, records: found.files.flatMap((file) => readRecords(file, request.source)) };
  };
  const train = read('train');
  if (train.isNamed) return { train: train.records, test: read('test').records };
  const out = heldOut(train.records.length, request.source.testFraction, 'records');
  return {
    train: train.records.filter((_, i) => out[i] === 0),
    test: train.records.filter((_, i) => out[i] === 1),
  };
}

function byCode(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
