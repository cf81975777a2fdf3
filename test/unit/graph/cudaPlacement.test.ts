import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeModel, encodeModel, Graph, gather, matmul, range, reshape } from '../../../src/graph/index.ts';
import { kernels, type Support } from '../../../src/graph/kernels.ts';
import { cudaKernels, offDevice } from '../../gpu/cudaKernels.ts';
import { evaluationModels, recipeSteps, residentStepModel, stepModel } from '../../gpu/recipeSteps.ts';

for (const precision of ['fp32', 'bf16', 'fp16'] as const) {
  test(`CUDA has a kernel for every node of every recipe's step with precision=${precision}, and nothing waits for the CPU`, () => {
    let [steps, nodes] = [0, 0];
    for (const recipeStep of recipeSteps('cuda', [precision])) {
      steps++;
      const model = decodeModel(stepModel(recipeStep, 'cuda'));
      nodes += nodesOf(model.graph);
      assert.deepEqual(offDevice(model), [], recipeStep.title);
    }
    assert.ok(steps > 25 && nodes > 10_000, `${steps} steps of ${nodes} nodes`);
  });
}

test('CUDA has a kernel for every node of what evaluations compute', () => {
  let models = 0;
  for (const recipeStep of recipeSteps('cuda', ['fp32'])) {
    for (const bytes of evaluationModels(recipeStep, 'cuda')) {
      models++;
      assert.deepEqual(offDevice(decodeModel(bytes)), [], recipeStep.title);
    }
  }
  assert.ok(models > 20, `${models} models`);
});

test('CUDA has a kernel for every node of a step that looks its examples up in the model', () => {
  let steps = 0;
  for (const recipeStep of recipeSteps('cuda', ['bf16'], (title) => !title.includes('finetune'))) {
    steps++;
    assert.deepEqual(offDevice(decodeModel(residentStepModel(recipeStep, 'cuda'))), [], recipeStep.title);
  }
  assert.ok(steps > 15, `${steps} steps`);
});

function nodesOf({ nodes }: ReturnType<typeof decodeModel>['graph']): number {
  return nodes.reduce((sum, { attributes }) => {
    const { body } = attributes;
    return sum + 1 + (body?.kind === 'graph' ? nodesOf(body.value) : 0);
  }, 0);
}

test('the look finds types without a kernel, operators that nobody knows, and inputs that would be copied back', () => {
  const graph = new Graph();
  const half = graph.input('half', [2, 2], 'bfloat16');
  const model = decodeModel(encodeModel(graph, { y: matmul(half, half) }));
  assert.deepEqual(offDevice(model), []);
  const [node] = model.graph.nodes;
  const changed = (change: object) => ({ ...model, graph: { ...model.graph, nodes: [{ ...node!, ...change }] } });
  assert.match(offDevice(changed({ type: 'Det', inputs: ['half'] })).join(), /Det.*no kernel is known/);
  assert.match(offDevice(changed({ type: 'Sin', inputs: ['half'] })).join(), /Sin.*T = bfloat16/);
  assert.match(offDevice(changed({ type: 'Shape', inputs: ['half'] })).join(), /Shape.*lies on the CPU/);
  const places = graph.input('places', [1], 'int64');
  const reshaped = decodeModel(encodeModel(graph, { z: reshape(gather(half, places, 0), [2]) }));
  assert.deepEqual(offDevice(reshaped), []);
  const nodes = reshaped.graph.nodes.map((each) =>
    each.type === 'Reshape' ? { ...each, inputs: [each.inputs[0]!, 'places'] } : each,
  );
  assert.match(offDevice({ ...reshaped, graph: { ...reshaped.graph, nodes } }).join(), /input 1 must lie on the CPU/);
  assert.deepEqual(offDevice(decodeModel(encodeModel(graph, { r: range(graph, 3) }))), []);
});

test('the table of kernels says of CUDA what its list says', () => {
  const said = Object.fromEntries(Object.entries(kernels).map(([type, { cuda }]) => [type, cuda]));
  const listed = Object.fromEntries(
    Object.keys(kernels).map((type) => {
      const support = (dtype: 'float32' | 'float16' | 'bfloat16') => supportOf(type, dtype);
      return [type, { float32: support('float32'), float16: support('float16'), bfloat16: support('bfloat16') }];
    }),
  );
  assert.deepEqual(said, listed);
});

/** An operator without floating types (And, Or, Not) has no type to lack. A type counts at the first operator set that has the operator for it. */
function supportOf(type: string, dtype: 'float32' | 'float16' | 'bfloat16'): Support {
  const forms = Object.values(cudaKernels.operators[type] ?? {});
  const letter = forms
    .flatMap(({ types }) => Object.entries(types))
    .find(([, allowed]) => allowed.includes('float32'))?.[0];
  if (letter === undefined) return 'yes';
  const form = forms.find(({ types }) => types[letter]?.includes(dtype));
  return form?.kernels.some((kernel) => (kernel[letter] ?? form.types[letter])?.includes(dtype)) === true
    ? 'yes'
    : 'no';
}
