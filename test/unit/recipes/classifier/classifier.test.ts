import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeModel, Graph } from '../../../../src/graph/index.ts';
import { classifier } from '../../../../src/recipes/classifier/index.ts';
import { loadModel } from '../../graph/runtime.ts';
import { configure, declareParameters, descend, tinyFacts, tinyImages } from '../tinyRun.ts';

for (const kind of ['mlp', 'cnn']) {
  test(`the ${kind} learns twelve images by heart`, async () => {
    const config = configure(classifier, { batchSize: 12, network: { kind, width: 8 } });
    const result = await descend(classifier.build(config, tinyFacts), { steps: 60, rate: 0.1 });
    assert.ok(Math.abs(result['loss']![0]! - Math.log(3)) < 1.5, `loss at the start ${result['loss']![0]}`);
    assert.ok(result['loss']!.at(-1)! < 0.1, `loss at the end ${result['loss']!.at(-1)}`);
    assert.equal(result['train/accuracy']!.at(-1), 1);
  });
}

test('the evaluation looks at each example on its own', async () => {
  const program = classifier.build(configure(classifier, { network: { width: 4 } }), tinyFacts);
  const evaluation = program.evaluations[0]!;
  const { images, labels } = tinyImages();
  const graph = new Graph();
  const pack = declareParameters(graph, program);
  const batch = { images: graph.input('images', [12, 8, 8, 1], 'uint8'), labels: graph.input('labels', [12], 'int64') };
  const outputs = evaluation.build(graph, (name) => pack.get(name), batch);
  const model = await loadModel(encodeModel(graph, outputs));
  const run = (of: readonly number[]) =>
    model.run({
      parameters: { shape: [pack.size], values: pack.initialValues(2) },
      images: { shape: [12, 8, 8, 1], values: images },
      labels: { shape: [12], values: of },
    });
  const first = await run(labels);
  const changed = await run(labels.with(4, (labels[4]! + 1) % 3));
  for (let i = 0; i < 12; i++) {
    const same = first['test/loss']!.values[i] === changed['test/loss']!.values[i];
    assert.equal(same, i !== 4);
    assert.ok([0, 1].includes(first['test/accuracy']!.values[i]!));
  }
});

test('test data are asked for, but not needed', () => {
  const requests = classifier.dataSets(configure(classifier, { data: '/data' }));
  assert.deepEqual(
    requests.map(({ name, path, required }) => ({ name, path, required })),
    [
      { name: 'train', path: '/data', required: true },
      { name: 'test', path: '/data', required: false },
    ],
  );
});
