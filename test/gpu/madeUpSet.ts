// Data for training steps whose results alone are looked at.
import { seededRandom, sizeOf } from '../../src/graph/index.ts';
import { type DataFacts, exampleTensors } from '../../src/recipes/data.ts';
import type { DataSet } from '../../src/trainer/data/dataSet.ts';

/** Examples made by seed, of any kind of data. */
export function madeUpSet(facts: DataFacts): DataSet {
  return {
    name: 'train',
    path: '',
    facts,
    sha256: '',
    gather: (indices) =>
      Object.fromEntries(
        Object.entries(exampleTensors(facts)).map(([name, { shape, dtype }]) => {
          const size = sizeOf(shape);
          const values = Array.from(indices, (index) => exampleValues(name, dtype, size, index, facts)).flat();
          return [name, arrays[dtype](values)];
        }),
      ),
    dispose() {},
  };
}

const arrays = {
  uint8: (values: readonly number[]) => Uint8Array.from(values),
  int32: (values: readonly number[]) => Int32Array.from(values),
  int64: (values: readonly number[]) => BigInt64Array.from(values, BigInt),
  float32: (values: readonly number[]) => Float32Array.from(values),
};

function exampleValues(
  name: string,
  dtype: keyof typeof arrays,
  size: number,
  index: number,
  facts: DataFacts,
): number[] {
  const random = seededRandom(1000 + index);
  const classes = 'classes' in facts ? Math.max(facts.classes, 1) : 1;
  const draw: { readonly [D in keyof typeof arrays]: () => number } = {
    uint8: () => Math.floor(256 * random.uniform()),
    // Tokens, but the special ones.
    int32: () => 3 + Math.floor(4 * random.uniform()),
    int64: () => Math.floor(classes * random.uniform()),
    float32: name === 'weights' ? () => 1 : () => random.normal(),
  };
  return Array.from({ length: size }, draw[dtype]);
}
