import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Graph, ParameterPack } from '../../../src/graph/index.ts';
import { normal, zeros } from '../../../src/nn/initializers.ts';
import { linear } from '../../../src/nn/layers.ts';
import { collectParameters, readingScope, type Scope } from '../../../src/nn/scope.ts';

const twoLayers = (scope: Scope) => {
  const x = scope.graph.input('x', [2, 3]);
  const hidden = scope.within('first', (inner) => linear(inner, x, 4));
  return scope.within('second', (inner) => linear(inner, hidden, 1, { bias: false }));
};

test('parameters are collected in the order of their first use, with joined names', () => {
  const specs = collectParameters(twoLayers);
  assert.deepEqual(
    specs.map(({ name, shape, decay }) => ({ name, shape, decay })),
    [
      { name: 'first/weight', shape: [3, 4], decay: true },
      { name: 'first/bias', shape: [4], decay: false },
      { name: 'second/weight', shape: [4, 1], decay: true },
    ],
  );
});

test('a parameter that is asked for twice is one parameter', () => {
  const specs = collectParameters((scope) => {
    const first = scope.parameter('shared', [2], zeros);
    assert.equal(scope.parameter('shared', [2], zeros), first);
  });
  assert.equal(specs.length, 1);
});

test('a scope over a pack gives the views of the pack', () => {
  const graph = new Graph();
  const pack = new ParameterPack(graph, 'flat');
  for (const spec of collectParameters(twoLayers)) pack.declare(spec.name, spec.shape, spec.initializer);
  const scope = readingScope(graph, (name) => pack.get(name));
  assert.deepEqual(twoLayers(scope).shape, [2, 1]);
  assert.equal(
    scope.within('first', (inner) => inner.parameter('bias', [4], zeros)),
    pack.get('first/bias'),
  );
});

test('starting values depend on the seed alone', () => {
  const values = (seed: number) => {
    const pack = new ParameterPack(new Graph(), 'flat');
    pack.declare('a', [20, 30], normal(0.5));
    pack.declare('b', [30], zeros);
    return pack.initialValues(seed);
  };
  assert.deepEqual(values(3), values(3));
  assert.notDeepEqual(values(3), values(4));
  const drawn = values(3).subarray(0, 600);
  const deviation = Math.sqrt(drawn.reduce((sum, value) => sum + value * value, 0) / 600);
  assert.ok(Math.abs(deviation - 0.5) < 0.05, `standard deviation ${deviation}`);
  assert.ok(
    values(3)
      .subarray(600)
      .every((value) => value === 0),
  );
});
