import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  add,
  argMax,
  cast,
  decodeModel,
  encodeModel,
  equal,
  Graph,
  gather,
  gatherElements,
  grad,
  logSoftmax,
  mul,
  narrow,
  oneHot,
  or,
  randomNormal,
  reduceMean,
  reduceSum,
  reshape,
  unsqueeze,
  type Value,
  where,
} from '../../../src/graph/index.ts';
import { loadModel } from './runtime.ts';

const form = { narrowIntegers: true, commonOperators: true };

/** What language models do with tokens: windows, other tokens by a condition, rows of a table, picked probabilities, one-hot rows, the likeliest token. */
function tokenGraph(graph: Graph, [rows, length, classes]: readonly [number, number, number]): Record<string, Value> {
  const tokens = cast(graph.input('tokens', [rows, length], 'int32'), 'int64');
  const labels = graph.input('labels', [rows], 'int64');
  const table = graph.input('table', [classes, 3]);
  const counter = graph.input('counter', [], 'int64');
  const [seen, targets] = [narrow(tokens, 1, 0, length - 1), narrow(tokens, 1, 1, length - 1)];
  const special = or(equal(seen, 0), equal(seen, classes - 1));
  const changed = where(special, 1, seen);
  const products = mul(add(counter, 1), 3);
  const hidden = gather(table, where(special, 2, seen));
  const logits = reduceSum(mul(unsqueeze(hidden, [2]), reshape(table, [1, 1, classes, 3])), [3], false);
  const noisy = add(logits, mul(randomNormal(counter, logits.shape, 1), 0.1));
  const logs = logSoftmax(noisy, -1);
  const picked = gatherElements(logs, unsqueeze(targets, [-1]), 2);
  const likely = argMax(noisy, -1, false);
  const hits = reduceMean(cast(equal(likely, targets), 'float32'), undefined, false);
  const loss = add(
    reduceMean(picked, undefined, false),
    reduceSum(mul(oneHot(labels, classes), reduceMean(logs, [1], false)), undefined, false),
  );
  const [dTable] = grad(loss, [table]);
  return { loss, hits, dTable: dTable!, changed: cast(changed, 'float32'), products: cast(products, 'float32') };
}

test('models for devices with int32 alone give the same numbers, for any tokens and labels', async () => {
  const sizes = [3, 5, 7] as const;
  const models = await Promise.all(
    [{}, form].map((options) => {
      const graph = new Graph();
      return loadModel(encodeModel(graph, tokenGraph(graph, sizes), options));
    }),
  );
  const [rows, length, classes] = sizes;
  const token = fc.integer({ min: 0, max: classes - 1 });
  const drawn = fc.record({
    tokens: fc.array(token, { minLength: rows * length, maxLength: rows * length }),
    labels: fc.array(token, { minLength: rows, maxLength: rows }),
    counter: fc.integer({ min: 0, max: 2 ** 40 }),
  });
  await fc.assert(
    fc.asyncProperty(drawn, async ({ tokens, labels, counter }) => {
      const feeds = {
        tokens: { shape: [rows, length], values: tokens },
        labels: { shape: [rows], values: labels },
        counter: { shape: [], values: [counter] },
        table: { shape: [classes, 3], values: Array.from({ length: classes * 3 }, (_, i) => Math.sin(i)) },
      };
      const [wide, narrowed] = await Promise.all(models.map((model) => model.run(feeds)));
      for (const [name, { values }] of Object.entries(wide!)) {
        for (const [i, value] of values.entries()) {
          assert.ok(Math.abs(narrowed![name]!.values[i]! - value) < 1e-5, `${name} ${i}`);
        }
      }
    }),
    { numRuns: 25 },
  );
});

test('labels are declared as int32 and no whole number of 64 bits is compared, moved or looked up', () => {
  const graph = new Graph();
  const labels = graph.input('labels', [4], 'int64');
  const logits = graph.input('logits', [4, 3]);
  const right = cast(equal(argMax(logits, 1, false), labels), 'float32');
  const loss = reduceSum(mul(logSoftmax(logits, 1), oneHot(labels, 3)), undefined, false);
  const model = decodeModel(encodeModel(graph, { loss, right }, form)).graph;
  assert.deepEqual(
    model.inputs.map(({ name, dtype }) => [name, dtype]),
    [
      ['labels', 'int32'],
      ['logits', 'float32'],
    ],
  );
  const types = new Set(model.nodes.map(({ type }) => type));
  assert.ok(!types.has('LogSoftmax') && types.has('ReduceMax') && types.has('Log'));
  const wide = new Set(model.initializers.filter(({ dtype }) => dtype === 'int64').map(({ name }) => name));
  const compared = model.nodes.filter(({ type }) => type === 'Equal');
  assert.equal(compared.length, 2);
  for (const { inputs } of compared) assert.ok(!inputs.some((name) => wide.has(name)));
});

test('numbers that are multiplied, given back or too large stay int64', () => {
  const graph = new Graph();
  const counter = graph.input('counter', [], 'int64');
  const given = graph.input('given', [2], 'int64');
  const large = graph.input('large', [2], 'int64');
  const noise = randomNormal(counter, [4], 0);
  const far = cast(equal(large, 2 ** 40), 'float32');
  const model = decodeModel(encodeModel(graph, { noise, far, out: reshape(given, [2, 1]) }, form)).graph;
  assert.deepEqual(Object.fromEntries(model.inputs.map(({ name, dtype }) => [name, dtype])), {
    counter: 'int64',
    given: 'int64',
    large: 'int64',
  });
});
