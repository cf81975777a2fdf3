import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { encodeModel, Graph, matmul, relu, reshape, seededRandom, swapLast } from '../../../src/graph/index.ts';
import { ModelCache, modelCacheVariable } from '../../../src/trainer/engine/modelCache.ts';
import { ModelSession } from '../../../src/trainer/engine/session.ts';

let folder = '';
let before: string | undefined;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-cache-'));
  before = process.env[modelCacheVariable];
  process.env[modelCacheVariable] = path.join(folder, 'models');
});

afterEach(() => {
  if (before === undefined) delete process.env[modelCacheVariable];
  else process.env[modelCacheVariable] = before;
  rmSync(folder, { recursive: true, force: true });
});

/** Some hundred nodes and a constant that makes the model large enough to be kept. */
function model(): Uint8Array {
  const graph = new Graph();
  const random = seededRandom(3);
  const weights = graph.constant(
    Array.from({ length: 128 * 160 }, () => random.normal() / 12),
    [128, 160],
  );
  let x = graph.input('x', [4, 128]);
  for (let i = 0; i < 60; i++) x = reshape(matmul(relu(matmul(x, weights)), swapLast(weights)), [4, 128]);
  return encodeModel(graph, { y: x });
}

async function run(bytes: Uint8Array): Promise<Float32Array> {
  const session = await ModelSession.create(bytes, { device: 'cpu', threads: 1 });
  const data = Float32Array.from({ length: 4 * 128 }, (_, i) => Math.sin(i));
  const { y } = await session.run({ x: { data, shape: [4, 128] } });
  session.dispose();
  return y as Float32Array;
}

const keptFiles = () => readdirSync(path.join(folder, 'models')).map((name) => path.join(folder, 'models', name));

test('the second session of a model comes from the cache, with the same numbers to the last bit', async () => {
  const bytes = model();
  const first = await run(bytes);
  const [file, ...others] = keptFiles();
  assert.deepEqual(others, []);
  if (process.platform !== 'win32') assert.equal(statSync(file!).mode & 0o077, 0);
  // What is loaded is the kept file: another model in its place gives other numbers.
  assert.deepEqual(await run(bytes), first);
  assert.ok(new ModelCache(path.dirname(file!)).read(path.basename(file!, '.optimized')) !== undefined);
  assert.equal(keptFiles().length, 1);
});

test('a damaged file, or one that is no model, is thrown away and made anew', async () => {
  const bytes = model();
  const first = await run(bytes);
  const [file] = keptFiles();
  const whole = readFileSync(file!);
  const damaged = Buffer.from(whole);
  damaged[damaged.length >> 1]! ^= 1;
  for (const content of [damaged, whole.subarray(0, 100), Buffer.alloc(0)]) {
    writeFileSync(file!, content);
    assert.deepEqual(await run(bytes), first);
    assert.ok(readFileSync(file!).equals(whole));
  }
});

test('a model in the place of another one is what gets loaded, so the cache is really used', async () => {
  const bytes = model();
  const first = await run(bytes);
  const graph = new Graph();
  const x = graph.input('x', [4, 128]);
  const other = encodeModel(graph, { y: relu(x) });
  const [file] = keptFiles();
  const place = path.join(folder, 'other.onnx');
  writeFileSync(place, other);
  new ModelCache(path.dirname(file!)).keep(path.basename(file!, '.optimized'), place);
  assert.notDeepEqual(await run(bytes), first);
});

test('nothing is kept of small models, without a folder, or where the folder cannot be made', async () => {
  const graph = new Graph();
  await run(encodeModel(graph, { y: relu(graph.input('x', [4, 128])) }));
  assert.deepEqual(readdirSync(folder), []);
  process.env[modelCacheVariable] = '';
  const first = await run(model());
  assert.deepEqual(readdirSync(folder), []);
  writeFileSync(path.join(folder, 'file'), '');
  process.env[modelCacheVariable] = path.join(folder, 'file', 'models');
  assert.deepEqual(await run(model()), first);
});

test('the key depends on the model and on what its optimized form depends on', () => {
  const keys = [
    ModelCache.keyOf(new Uint8Array([1]), '1.30', 'all'),
    ModelCache.keyOf(new Uint8Array([2]), '1.30', 'all'),
    ModelCache.keyOf(new Uint8Array([1]), '1.31', 'all'),
    ModelCache.keyOf(new Uint8Array([1]), '1.30', 'basic'),
  ];
  assert.equal(new Set(keys).size, keys.length);
});
