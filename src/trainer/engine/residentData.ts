import type { ResidentTable } from '../../graph/index.ts';
import { exampleTensors } from '../../recipes/data.ts';
import type { DataSet } from '../data/dataSet.ts';
import type { TensorData } from './session.ts';

/** A whole data set as tables of rows, one per tensor of an example, to lie on a device. Only numbers of examples then travel to it. */
export interface ResidentData {
  readonly tables: Readonly<Record<string, ResidentTable>>;
  readonly bytes: number;
}

/**
 * The tables of a set whose examples are always the same. Whole numbers take a byte each where all of them fit, and four elsewhere. Rows are in the set's own order,
 * so that the loader's numbers of examples are those of rows.
 */
export function residentData(set: DataSet): ResidentData {
  const { facts } = set;
  const arrays = set.gather(Uint32Array.from({ length: facts.examples }, (_, i) => i));
  const tables = Object.entries(exampleTensors(facts)).map(([name, { shape }]) => {
    const { dtype, data } = stored(arrays[name]!);
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return [name, { dtype, shape: [facts.examples, ...shape], bytes }] as const;
  });
  return {
    tables: Object.fromEntries(tables),
    bytes: tables.reduce((sum, [, { bytes }]) => sum + bytes.byteLength, 0),
  };
}

/** At most so many bytes a set's tables take, by its facts alone. */
export function residentBytes({ facts }: Pick<DataSet, 'facts'>): number {
  const perExample = Object.values(exampleTensors(facts)).map(
    ({ shape, dtype }) => (dtype === 'uint8' ? 1 : 4) * shape.reduce((product, size) => product * size, 1),
  );
  return facts.examples * perExample.reduce((sum, each) => sum + each, 0);
}

type Stored = Pick<ResidentTable, 'dtype'> & { readonly data: Uint8Array | Int32Array | Float32Array };

function stored(data: TensorData): Stored {
  if (data instanceof Uint8Array) return { dtype: 'uint8', data };
  if (data instanceof Float32Array) return { dtype: 'float32', data };
  const numbers = data instanceof Int32Array ? data : Int32Array.from(data, Number);
  const isByte = numbers.every((value) => value >= 0 && value < 256);
  return isByte ? { dtype: 'uint8', data: Uint8Array.from(numbers) } : { dtype: 'int32', data: numbers };
}
