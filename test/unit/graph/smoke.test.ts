import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  add,
  encodeModel,
  Graph,
  grad,
  jvp,
  matmul,
  mul,
  ParameterPack,
  randomNormal,
  reduceMean,
  relu,
  scanModel,
  stopGradient,
  sub,
} from '../../../src/graph/index.ts';
import { loadModel } from './runtime.ts';

test('smoke', async () => {
  const g = new Graph();
  const pack = new ParameterPack(g, 'p');
  const x = g.input('x', [4, 3]);
  const w = pack.declare('w', [3, 5], { kind: 'normal', std: 0.5 });
  const b = pack.declare('b', [5], { kind: 'zeros' });
  const c = g.input('c', [], 'int64');
  const f = (v: typeof x) => relu(add(matmul(v, w), b));
  const y = f(x);
  const [dy] = jvp([y], new Map([[x, randomNormal(c, [4, 3], 0)]]));
  const e = sub(y, stopGradient(mul(dy!, 2)));
  const loss = reduceMean(mul(e, e), undefined, false);
  const next = sub(pack.flat, mul(pack.gradient(loss), 0.1));
  const nc = add(c, 1);
  const [direct] = grad(loss, [pack.flat]);
  const m = await loadModel(encodeModel(g, { loss, next, nc, direct: direct! }));
  const x0 = { shape: [4, 3], values: Array.from({ length: 12 }, (_, i) => Math.sin(i)) };
  let p = Array.from(pack.initialValues(1));
  let cc = 0;
  const losses: number[] = [];
  for (let i = 0; i < 5; i++) {
    const o = await m.run({ x: x0, p: { shape: [20], values: p }, c: { shape: [], values: [cc] } });
    losses.push(o['loss']!.values[0]!);
    p = Array.from(o['next']!.values);
    cc = o['nc']!.values[0]!;
  }
  const s = await loadModel(
    scanModel(
      {
        graph: g,
        state: [
          { name: 'p', input: pack.flat, next },
          { name: 'c', input: c, next: nc },
        ],
        sequence: [],
        constants: [{ name: 'x', input: x }],
        perStep: { loss },
      },
      5,
    ),
  );
  const o = await s.run({ x: x0, p: { shape: [20], values: pack.initialValues(1) }, c: { shape: [], values: [0] } });
  assert.deepEqual(Array.from(o['loss']!.values), losses);
  assert.deepEqual(Array.from(o['p_next']!.values), p);
});
