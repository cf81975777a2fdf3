import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describePlacement, describeProof } from '../../../../src/domain/device.ts';
import { stepPlacement } from '../../../../src/trainer/devices/placement.ts';
import { trialSteps } from '../../../../src/trainer/devices/trialStep.ts';
import { readTrace } from '../../../../src/trainer/profile/trace.ts';

const node = (name: string, op: string, provider: string) => ({
  cat: 'Node',
  name: `${name}_kernel_time`,
  ts: 0,
  dur: 1,
  args: { op_name: op, provider: `${provider}ExecutionProvider` },
});

test('operations that stay on the CPU are named with their number, each node once, and copies are counted', () => {
  const events = [
    node('a/matmul', 'MatMul', 'CUDA'),
    node('a/matmul', 'MatMul', 'CUDA'),
    node('a/equal', 'Equal', 'CPU'),
    node('a/equal', 'Equal', 'CPU'),
    node('b/equal', 'Equal', 'CPU'),
    node('b/softmax', 'LogSoftmax', 'CPU'),
    node('copy1', 'MemcpyToHost', 'CUDA'),
    node('copy2', 'MemcpyFromHost', 'CUDA'),
    node('scan', 'Scan', 'CPU'),
  ];
  const trace = readTrace(JSON.stringify(events));
  const placement = stepPlacement(trace, 'cuda');
  assert.deepEqual(placement, {
    nodes: 4,
    onCpu: [
      { op: 'Equal', nodes: 2 },
      { op: 'LogSoftmax', nodes: 1 },
    ],
    copies: 2,
  });
  assert.equal(
    describePlacement(placement),
    '3 of 4 operations of a step stay on the CPU (2 Equal, 1 LogSoftmax), with 2 copies in between',
  );
  assert.deepEqual(stepPlacement(trace, 'cpu').onCpu, [], 'on the CPU, they are where they belong');
});

test('a device is proved by the trainer’s own steps: losses fall, times and places are told', async () => {
  const proof = await trialSteps({ device: 'cpu', threads: 1 });
  assert.equal(proof.losses.length, 3);
  assert.ok(proof.losses.at(-1)! < proof.losses[0]!, proof.losses.join());
  assert.ok(proof.stepMs >= 0 && proof.callMs >= 0 && proof.placement.nodes > 100);
  const again = await trialSteps({ device: 'cpu', threads: 1 });
  assert.deepEqual(again.losses, proof.losses);
  assert.match(describeProof('cpu', proof), /^A small training step takes [\d.]+ ms\.$/);
  assert.match(
    describeProof('cuda', proof),
    /handing its state over and back [\d.]+ ms; all \d+ operations of a step are on the device\.$/,
  );
});
