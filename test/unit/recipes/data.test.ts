import assert from 'node:assert/strict';
import test from 'node:test';
import { AppError } from '../../../src/base/errors.ts';
import { exampleTensors, imageFacts, parseFacts, type TokenFacts } from '../../../src/recipes/data.ts';

const tokens: TokenFacts = {
  kind: 'tokens',
  examples: 3,
  window: 16,
  vocabulary: { kind: 'bytes', size: 258, pad: 256, mask: 257 },
  weighted: true,
  classes: 0,
};

test('facts of checkpoints from when there were images alone are read as those of images', () => {
  const old = { examples: 5, height: 28, width: 28, channels: 1, classes: 10 };
  assert.deepEqual(parseFacts(JSON.stringify(old)), { kind: 'images', ...old });
  assert.deepEqual(parseFacts(JSON.stringify(tokens)), tokens);
});

test('the tensors of an example follow from the facts', () => {
  assert.deepEqual(exampleTensors(tokens), {
    tokens: { shape: [16], dtype: 'int32' },
    weights: { shape: [16], dtype: 'float32' },
  });
  assert.deepEqual(Object.keys(exampleTensors({ ...tokens, weighted: false, classes: 4 })), ['tokens', 'labels']);
  const scale = { mean: 0, deviation: 1 };
  const sizes = { kind: 'arrays', examples: 2, features: [4], targets: [], classes: 0 } as const;
  const arrays = { ...sizes, featureScales: [scale, scale, scale, scale], targetScales: [scale] };
  assert.deepEqual(exampleTensors(arrays)['targets'], { shape: [], dtype: 'float32' });
});

test('data of another kind than the recipe trains on are refused with the way out', () => {
  assert.throws(
    () => imageFacts(tokens),
    (error) => error instanceof AppError && error.code === 'bad-data' && /tokens.*images/.test(error.message),
  );
});
