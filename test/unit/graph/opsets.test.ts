import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import * as ops from '../../../src/graph/index.ts';
import { assertClose } from './gradientCheck.ts';
import { evaluate, type Numbers } from './runtime.ts';

const folder = path.resolve(import.meta.dirname, '../../fixtures/onnx/opsets');
const truth = JSON.parse(readFileSync(path.join(folder, 'truth.json'), 'utf8')) as {
  readonly input: readonly number[];
  readonly shape: readonly number[];
  readonly output: readonly number[];
  readonly inputGradient: readonly number[];
  readonly gradients: Readonly<Record<string, readonly number[]>>;
};
const versions = readdirSync(folder)
  .filter((name) => name.endsWith('.onnx'))
  .map((name) => Number.parseInt(name, 10))
  .sort((a, b) => a - b);

test('there is a model of every operator set that can be imported', () => {
  assert.deepEqual(
    versions,
    Array.from({ length: 11 }, (_, i) => 11 + i),
  );
});

for (const version of versions) {
  test(`operator set ${version}: output and gradients of one network are PyTorch's`, async () => {
    const model = ops.decodeModel(readFileSync(path.join(folder, `${version}.onnx`)));
    assert.equal(model.opsets.find(({ domain }) => domain === '')?.version, version);
    const feeds: Record<string, Numbers> = { input: { shape: truth.shape, values: truth.input } };
    const weights = new Map<string, ops.Value>();
    const { graph, inputs, outputs } = ops.importModel(model, {
      parameter: (tensor, own) => {
        // Exporters turn some weights over or fuse them; those that kept name and size are held against PyTorch's.
        if (truth.gradients[tensor.name]?.length !== ops.sizeOf(tensor.shape)) return undefined;
        const value = own.input(`weight:${tensor.name}`, tensor.shape);
        feeds[`weight:${tensor.name}`] = {
          shape: tensor.shape,
          values: ops.unpackNumbers(tensor.data, tensor.dtype),
        };
        weights.set(tensor.name, value);
        return value;
      },
    });
    const output = [...outputs.values()][0]!;
    const cosines = Array.from({ length: truth.output.length }, (_, i) => Math.cos(i));
    const loss = ops.reduceSum(ops.mul(output, graph.constant(cosines, output.shape)), undefined, false);
    const names = [...weights.keys()];
    const [own, ...rest] = ops.grad(loss, [inputs.get('input')!, ...weights.values()]);
    const gradients = Object.fromEntries(rest.map((gradient, i) => [names[i]!, gradient]));
    const results = await evaluate({ output, own: own!, ...gradients }, feeds);
    assertClose('output', results['output']!.values, truth.output, 1e-5);
    assertClose('input', results['own']!.values, truth.inputGradient, 1e-5);
    assert.ok(names.includes('out.weight') && names.includes('layer.weight'), names.join());
    for (const name of names) assertClose(name, results[name]!.values, truth.gradients[name]!, 1e-5);
  });
}
