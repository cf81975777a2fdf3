import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { RunFile } from '../../../src/domain/runDirectory.ts';
import { gather, reduceSum } from '../../../src/graph/index.ts';
import type { Program } from '../../../src/recipes/recipe.ts';
import { describePrecision, stepNumbers } from '../../../src/trainer/devices/precision.ts';
import { readTensors } from '../../../src/trainer/files/safetensors.ts';
import { findDivergence } from '../../../src/trainer/run/metricLog.ts';
import { repeatability } from '../../../src/trainer/run/repeatability.ts';
import { fusedStepsOf, programOf } from './stepSupport.ts';
import { runTrainer, temporaryFolder, writeConfig, writeIdxSet } from './support.ts';
import { checkpointBits } from './trainProcess.ts';

function setUp(folder: string): string {
  return writeConfig(folder, {
    recipe: 'classifier',
    network: { kind: 'mlp', width: 16 },
    data: writeIdxSet(folder),
    batchSize: 12,
    device: 'cpu',
    threads: 1,
    steps: 24,
    stepsPerRun: 5,
    checkpointEvery: 10,
    evaluateEvery: 0,
  });
}

const recordOf = (folder: string, name: string) =>
  JSON.parse(readFileSync(path.join(folder, 'runs', name, 'run.json'), 'utf8')) as RunFile;

test('a run in fp16 says so, keeps the scale of its loss in checkpoints, and goes on from one to the same bits', async (t) => {
  const folder = temporaryFolder(t);
  const config = setUp(folder);
  const whole = await runTrainer(folder, config, ['name=whole', 'precision=fp16']);
  assert.equal(whole.code, 0, whole.complaint);
  assert.match(whole.lines.join('\n'), /products of float16 are computed in float32 from rounded factors/);
  assert.match(whole.lines.join('\n'), /Repeatable bit by bit on this processor with 1 thread/);
  const { precision, repeatable } = recordOf(folder, 'whole');
  assert.equal(precision, 'fp16');
  assert.match(repeatable!, /^Repeatable bit by bit/);
  const run = path.join(folder, 'runs/whole');
  const scale = readTensors(path.join(run, 'checkpoints/last.safetensors')).tensors.get('trainer.loss_scale')!;
  const [factor, goodSteps] = new Float32Array(new Uint8Array(scale.bytes).buffer);
  assert.ok(factor! >= 1 && goodSteps! > 0 && goodSteps! <= 24);
  const from = 'resume=runs/whole/checkpoints/step_00000010.safetensors';
  const second = await runTrainer(folder, config, ['name=second', 'precision=fp16', from]);
  assert.equal(second.code, 0, second.complaint);
  assert.deepEqual(checkpointBits(path.join(folder, 'runs/second')), checkpointBits(run));
  // A run in float32 can go on from it too, and has no scale.
  const third = await runTrainer(folder, config, ['name=third', from]);
  assert.equal(third.code, 0, third.complaint);
  assert.equal(recordOf(folder, 'third').precision, 'fp32');
  assert.equal('trainer.loss_scale' in checkpointBits(path.join(folder, 'runs/third')), false);
});

test('a batch in parts sees the examples of the whole batch and ends near it; parts that are not equal are refused', async (t) => {
  const folder = temporaryFolder(t);
  const config = setUp(folder);
  await runTrainer(folder, config, ['name=whole']);
  const parts = await runTrainer(folder, config, ['name=parts', 'accumulate=4']);
  assert.equal(parts.code, 0, parts.complaint);
  const [one, other] = ['whole', 'parts'].map((name) => checkpointBits(path.join(folder, 'runs', name)));
  assert.equal(other!['trainer.position'], one!['trainer.position']);
  const numbers = (hex: string) => new Float32Array(new Uint8Array(Buffer.from(hex, 'hex')).buffer);
  for (const name of Object.keys(one!).filter((key) => key.startsWith('model.'))) {
    const [a, b] = [numbers(one![name]!), numbers(other![name]!)];
    for (const [i, value] of a.entries()) assert.ok(Math.abs(value - b[i]!) < 2e-3, `${name}[${i}]`);
  }
  const uneven = await runTrainer(folder, config, ['name=uneven', 'accumulate=5']);
  assert.equal(uneven.code, 1);
  assert.match(uneven.complaint, /A batch of 12 cannot be cut into 5 equal parts/);
  assert.match(uneven.complaint, /for instance batchSize=10/);
});

test('bf16 is refused where there are no operations for it, and native on CUDA alone', () => {
  const settings = { precision: 'bf16', accumulate: 1, deterministic: true } as const;
  for (const device of ['webgpu', 'dml', 'coreml'] as const) {
    assert.throws(() => stepNumbers(settings, device), /precision=bf16 is not to be had on/);
    assert.deepEqual(stepNumbers({ ...settings, precision: 'fp16' }, device).precision, {
      type: 'float16',
      emulated: false,
    });
  }
  assert.deepEqual(stepNumbers(settings, 'cuda'), {
    accumulate: 1,
    ordered: true,
    precision: { type: 'bfloat16', emulated: false },
  });
  assert.equal(describePrecision(stepNumbers(settings, 'cuda'), 'cuda'), undefined);
  assert.match(
    describePrecision(stepNumbers(settings, 'cpu'), 'cpu')!,
    /the numbers are those of bfloat16, the speed is not/,
  );
  const half = { ...settings, precision: 'fp16' } as const;
  assert.match(describePrecision(stepNumbers(half, 'webgpu'), 'webgpu')!, /summed in float16 too/);
  assert.equal(describePrecision(stepNumbers(half, 'cuda'), 'cuda'), undefined);
  assert.equal(stepNumbers({ ...settings, precision: 'fp32' }, 'webgpu').precision, undefined);
});

test('a run on CUDA names the sums that are taken in any order, and none with deterministic=true', () => {
  const optimizer = {
    ...{ kind: 'sgd' as const, learningRate: 0.1, beta1: 0, beta2: 0, epsilon: 0, weightDecay: 0 },
    ...{ warmupSteps: 0, schedule: 'constant' as const, finalFraction: 1, clipNorm: 0, emaDecay: 0 },
  };
  const spec = { name: 'table', shape: [3, 2], initializer: { kind: 'ones' as const }, decay: false };
  const program: Program = programOf([spec], optimizer, (inputs) => {
    const rows = inputs.graph.scope('embedding', () => gather(inputs.parameters('table'), inputs.batch['labels']!));
    return reduceSum(rows, undefined, false);
  });
  const sentence = (deterministic: boolean) => {
    const numbers = stepNumbers({ precision: 'fp32', accumulate: 1, deterministic }, 'cuda');
    const { step, steps } = fusedStepsOf(program, { totalSteps: 1, numbers });
    steps.dispose();
    return repeatability(step, 'cuda', 2);
  };
  assert.match(
    sentence(false),
    /^Not repeatable .* one sum of gradients is taken by ScatterND in any order \(.*embedding/,
  );
  assert.match(sentence(true), /^Not for certain repeatable bit by bit on CUDA: cuDNN/);
});

test('a skipped step is no divergence, but a scale that falls without end is', () => {
  const steps = (scales: readonly number[], losses: readonly number[] = [1, 1]) => ({
    before: 10,
    startedAt: 0,
    endedAt: 1,
    metrics: new Map([
      ['train/loss', Float32Array.from(losses)],
      ['train/grad_norm', Float32Array.of(Number.POSITIVE_INFINITY, 1)],
      ['train/loss_scale', Float32Array.from(scales)],
    ]),
  });
  assert.equal(findDivergence(steps([65536, 32768])), undefined);
  // What overflowed on the way forward is skipped as well; a step that was taken must have a loss.
  assert.equal(findDivergence(steps([65536, 32768], [Number.NaN, 1])), undefined);
  assert.equal(findDivergence(steps([65536, 32768], [1, Number.NaN]))?.tag, 'train/loss');
  assert.deepEqual(findDivergence(steps([2 ** -24, 2 ** -25])), { tag: 'train/loss_scale', step: 12, value: 2 ** -25 });
});
