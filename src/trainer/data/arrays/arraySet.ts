import { createHash } from 'node:crypto';
import type { ArrayFacts, ArraySource, Scale } from '../../../recipes/data.ts';
import type { DataSetRequest, DataSplit } from '../../../recipes/recipe.ts';
import type { DataSet } from '../dataSet.ts';
import { badData } from '../files/badData.ts';
import { OpenFiles } from '../files/openFiles.ts';
import { rememberedScan } from '../files/rememberedScan.ts';
import { heldOut } from '../heldOut.ts';
import { openedSet } from '../openedSet.ts';
import { partHash } from '../partHash.ts';
import { type ArrayPlan, ArrayReader, joinColumns } from './arrayReader.ts';
import { type Chosen, chooseColumns, numbersOnly } from './choose.ts';
import { type Labels, numberClasses } from './classes.ts';
import { type ColumnPlan, rowSize } from './columns.ts';
import { scalesOf } from './scales.ts';
import { readTables } from './tables.ts';

export interface ArrayRequest extends DataSetRequest {
  readonly source: ArraySource;
}

/** Opens tables or tensors as rows of numbers with a target. Undefined where a part that is not required is not there. Throws AppError 'bad-data'. The set owns `files`. */
export async function openArraySet(request: ArrayRequest, files = new OpenFiles()): Promise<DataSet | undefined> {
  try {
    const set = await openWith(request, files);
    if (set === undefined) files.dispose();
    return set;
  } catch (error) {
    files.dispose();
    throw error;
  }
}

async function openWith(request: ArrayRequest, files: OpenFiles): Promise<DataSet | undefined> {
  const { source, split, path: where, name, required } = request;
  const hashes = { train: createHash('sha256'), test: createHash('sha256') };
  const tables = await readTables(request, files, hashes);
  if (tables === undefined) return undefined;
  const train = chooseColumns(tables.train, source, where);
  const test = tables.test === undefined ? train : chooseColumns(tables.test, source, where);
  const isNamed = tables.test !== undefined;
  const out = heldOut(train.rows, isNamed ? 0 : source.testFraction, 'rows');
  const rows = isNamed ? undefined : rowsOf(out, split);
  const own = split === 'train' ? train : test;
  const targets = readTargets({ train, test }, source, where, files);
  const plan: ArrayPlan = {
    kind: 'arrays',
    examples: rows?.length ?? own.rows,
    features: packed(own.features, files),
    targets: targets.columns[split],
    labels: targets.labels[split],
    ...(rows === undefined ? {} : { rows }),
  };
  if (plan.examples === 0) {
    if (!required) return undefined;
    throw badData(`There are no ${split} rows in ${where}: its tables are empty, or all is held out.`);
  }
  const isTrained = (row: number) => out[row] === 0;
  const scales = async (columns: readonly (readonly ColumnPlan[])[]): Promise<readonly Scale[]> => {
    const measure = () => {
      const { size, read } = joinColumns(columns, files);
      return scalesOf(read, train.rows, size, isTrained);
    };
    const stored = columns.flat().filter((piece) => piece.kind === 'stored');
    if (stored.length !== columns.flat().length) return await measure();
    const what = JSON.stringify(['scales', train.rows, isNamed ? 0 : source.testFraction, columns]);
    return await rememberedScan(what, [...new Set(stored.map(({ file }) => file))], measure);
  };
  const trainFeatures = split === 'train' ? plan.features : packed(train.features, files);
  const facts: ArrayFacts = {
    kind: 'arrays',
    examples: plan.examples,
    features: joinedShape(own.features),
    targets: joinedShape(plan.targets),
    classes: targets.classes,
    featureScales: await scales(trainFeatures),
    targetScales: targets.classes > 0 ? [] : await scales(targets.columns.train),
  };
  const rule = isNamed ? '' : `${split} ${source.testFraction}`;
  const sha256 = partHash(hashes[isNamed ? split : 'train'].digest('hex'), rule);
  return openedSet(
    { name, path: where, facts, sha256 },
    new ArrayReader(plan, files),
    files.allResident ? undefined : plan,
  );
}

function rowsOf(out: Uint8Array, split: DataSplit): Uint32Array {
  const wanted = split === 'test' ? 1 : 0;
  return Uint32Array.from([...out.keys()].filter((row) => out[row] === wanted));
}

interface Targets {
  readonly classes: number;
  readonly labels: { readonly [N in DataSplit]: Int32Array };
  readonly columns: { readonly [N in DataSplit]: readonly (readonly ColumnPlan[])[] };
}

function readTargets(
  { train, test }: { readonly [N in DataSplit]: Chosen },
  { target, targetIsClass }: ArraySource,
  where: string,
  files: OpenFiles,
): Targets {
  if (targetIsClass) {
    const { classes, labels }: Labels = numberClasses([train.target, test.target], target, files);
    return { classes, labels: { train: labels[0]!, test: labels[1]! }, columns: { train: [], test: [] } };
  }
  const numbers = (part: Chosen) => [numbersOnly(target, part.target, where)];
  const none = new Int32Array(0);
  return { classes: 0, labels: { train: none, test: none }, columns: { train: numbers(train), test: numbers(test) } };
}

/** One column that is alone keeps its shape; several make a row of numbers. */
function joinedShape(columns: readonly (readonly ColumnPlan[])[]): readonly number[] {
  const [only] = columns;
  if (only === undefined) return [];
  if (columns.length === 1) return only[0]!.shape.length === 0 ? [1] : only[0]!.shape;
  return [columns.reduce((sum, pieces) => sum + rowSize(pieces[0]!), 0)];
}

/** Columns in memory become one matrix of float32, which a row is copied from at once. */
function packed(columns: readonly (readonly ColumnPlan[])[], files: OpenFiles): readonly (readonly ColumnPlan[])[] {
  const pieces = columns.flat();
  if (columns.length === 1 || pieces.some(({ kind }) => kind === 'stored')) return columns;
  const { size, read } = joinColumns(columns, files);
  const rows = columns[0]!.reduce((sum, piece) => sum + piece.rows, 0);
  const values = new Float32Array(rows * size);
  read(0, rows, values, 0);
  return [[{ kind: 'memory', rows, shape: [size], values }]];
}
