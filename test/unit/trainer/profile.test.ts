import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { withUpdates } from '../../../src/trainer/profile/profileRun.ts';
import { profilePage, timesByPart } from '../../../src/trainer/profile/report.ts';
import { phaseOf, readTrace } from '../../../src/trainer/profile/trace.ts';
import { runTrainer, temporaryFolder, writeConfig, writeIdxSet } from './support.ts';

interface TraceFile {
  readonly traceEvents: readonly { readonly name: string; readonly cat: string; readonly dur: number }[];
}

test('a profile says where the time of a step goes, and leaves the run as it is without', async (t) => {
  const folder = temporaryFolder(t);
  const network = { kind: 'dit', width: 16, layers: 1, heads: 2, patch: 4 };
  const settings = { recipe: 'meanflow', network, batchSize: 8, device: 'cpu', threads: 1, seed: 4, steps: 6 };
  const config = writeConfig(folder, { ...settings, data: writeIdxSet(folder) });
  for (const overrides of [['name=one', 'profile=true'], ['name=two']]) {
    const { code, complaint } = await runTrainer(folder, config, overrides);
    assert.equal(code, 0, complaint);
  }
  const read = (run: string, file: string) => readFileSync(path.join(folder, 'runs', run, file));
  const page = read('one', 'profile.md').toString();
  for (const part of ['forward', 'backward', 'optimizer', 'waiting for data', 'transfer']) {
    assert.match(page, new RegExp(`\\| ${part} \\| [0-9.]+ \\| [0-9.]+ % \\|`), part);
  }
  assert.match(page, /\| adamw \| optimizer \| 1 \| [0-9.]+ \| [0-9.]+ % \| Trainyard \|/);
  assert.match(page, /12 steps on the CPU \(1 thread\): batches of 8/);
  const { traceEvents } = JSON.parse(read('one', 'profile.trace.json').toString()) as TraceFile;
  const parts = new Set(traceEvents.map(({ cat }) => cat));
  for (const part of ['forward', 'backward', 'optimizer', 'trainer']) assert.ok(parts.has(part), part);
  assert.ok(traceEvents.every(({ dur }) => dur >= 0));
  assert.ok(!existsSync(path.join(folder, 'runs', 'two', 'profile.md')));
  assert.deepEqual(read('one', 'model.onnx').length, read('two', 'model.onnx').length);
  const weights = (run: string) => read(run, 'checkpoints/last.safetensors').subarray(-4096);
  assert.deepEqual(weights('one'), weights('two'));
});

test('nodes belong to the part of a step that made them', () => {
  assert.equal(phaseOf('optimizer/Mul_7'), 'optimizer');
  assert.equal(phaseOf('d(layer0/attention)/Mul_7'), 'backward');
  assert.equal(phaseOf('layer0/attention/MatMul_3'), 'forward');
  assert.equal(phaseOf('Mul_3'), 'forward');
  assert.equal(phaseOf('gemm_output_reshape'), 'other');
});

test('the parts of a step add up to the time of its calls, and names cannot break the table', () => {
  const event = (name: string, op: string, ts: number, dur: number) => ({
    cat: 'Node',
    name: `${name}_kernel_time`,
    ts,
    dur,
    args: {
      op_name: op,
      provider: 'CPUExecutionProvider',
      mem_in_use_peak: '5000',
      input_type_shape: [{ float: [2, 3] }],
    },
  });
  const text = JSON.stringify([
    { cat: 'Session', name: 'model_loading_array', dur: 99, ts: 0 },
    event('scan of 2 steps', 'Scan', 1, 9000),
    event('a|b/Mul_1', 'Mul', 2, 3000),
    event('d(a)/Mul_2', 'Mul', 3, 1000),
  ]);
  const trace = readTrace(text);
  assert.deepEqual(
    trace.nodes.map(({ node, phase, duration }) => [node, phase, duration]),
    [
      ['a|b/Mul_1', 'forward', 3000],
      ['d(a)/Mul_2', 'backward', 1000],
    ],
  );
  const calls = [{ data: 1, transferIn: 2, compute: 6, update: 0.5, transferOut: 1 }];
  const nodes = withUpdates(trace.nodes, calls, 'lion');
  assert.deepEqual(
    nodes.slice(2).map(({ op, phase, start, duration }) => [op, phase, start, duration]),
    [['lion', 'optimizer', 1003, 500]],
  );
  const profile = {
    name: 'x',
    device: 'cpu',
    batchSize: 1,
    parameters: 2,
    steps: 2,
    calls,
    trace: { ...trace, nodes },
  };
  const parts = timesByPart(profile);
  assert.deepEqual(parts, {
    forward: 1.5,
    backward: 0.5,
    optimizer: 0.25,
    other: 0,
    'between nodes': 1,
    'waiting for data': 0.5,
    transfer: 1.5,
  });
  const page = profilePage(profile);
  assert.match(page, /`a\\\|b\/Mul_1` \| Mul \| 1\.50 \| float \[2, 3\]/);
  assert.match(page, /\*\*5\.25 ms a step\*\*/);
  assert.throws(() => readTrace('{'), /cannot be read/);
});
