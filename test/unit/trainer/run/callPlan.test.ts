import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RunSettings } from '../../../../src/trainer/config/runSettings.ts';
import { CallPlan, type CallTiming } from '../../../../src/trainer/run/callPlan.ts';

const settings = (stepsPerRun: number, steps = 10_000, every = 0): RunSettings => ({
  name: '',
  seed: 0,
  device: 'auto',
  threads: 1,
  recompute: 'auto',
  steps,
  stepsPerRun,
  logEvery: 1,
  checkpointEvery: every,
  sampleEvery: 0,
  evaluateEvery: 0,
  keepCheckpoints: 1,
  resume: '',
  profile: false,
  dataThreads: 0,
  precision: 'fp32',
  accumulate: 1,
  deterministic: false,
});

/** Runs a device of known speed to the end and gives the counts of all calls and what was found out. */
function simulate(
  plan: CallPlan,
  steps: number,
  seconds: (count: number) => number,
  compiling = 2,
): { counts: number[]; timing: CallTiming | undefined } {
  const counts: number[] = [];
  let timing: CallTiming | undefined;
  for (let done = 0; done < steps; ) {
    const count = plan.next(done);
    counts.push(count);
    done += count;
    // The first call of a number of steps also compiles.
    const isFirst = counts.indexOf(count) === counts.length - 1;
    timing = plan.note(count, seconds(count) + (isFirst ? compiling : 0)) ?? timing;
  }
  return { counts, timing };
}

test('steps of a call are chosen so that the bus takes less than 5 % of it, as far as nobody waits too long', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1e-4, max: 6, noNaN: true }),
      fc.double({ min: 0, max: 3, noNaN: true }),
      (step, call) => {
        const { counts, timing } = simulate(
          new CallPlan(settings(0, 3000), 'cuda'),
          3000,
          (count) => call + count * step,
        );
        assert.equal(
          counts.reduce((sum, each) => sum + each, 0),
          3000,
          'every step once',
        );
        for (const count of counts) assert.ok(count === 1 || count * step <= 12.0001, `${count} steps of ${step} s`);
        const { stepsPerCall, ...found } = timing!;
        // Steps of less than a hundredth of what they are handed over in are told as long as that.
        assert.ok(
          Math.abs(found.step - step) <= 1e-9 + 0.02 * call && Math.abs(found.call - call) <= 1e-9 + 0.02 * call,
        );
        const most = Math.min(12, 4 + 4 * call);
        assert.ok(stepsPerCall === 1 || stepsPerCall * step <= most + 1e-6, `${stepsPerCall} steps of ${step} s`);
        const longest = Math.max(1, Math.min(1000, Math.floor(most / step - 1e-6)));
        if (stepsPerCall < longest) assert.ok(call <= 0.0501 * stepsPerCall * step, 'the state is worth its way');
      },
    ),
  );
});

test('a large state and short steps are told from a long step: the bus takes a small part', () => {
  // 2 GB there and back take a second and a half, a step 50 ms, and every call is up to 3 % off.
  let calls = 0;
  const seconds = (count: number) => (1.5 + 0.05 * count) * (1 + 0.03 * Math.sin(calls++ * 2.3));
  const { counts, timing } = simulate(new CallPlan(settings(0, 20_000), 'cuda'), 20_000, seconds);
  const late = counts.slice(counts.length / 2, -1);
  const share = 1.5 / (1.5 + 0.05 * Math.min(...late));
  assert.ok(share < 0.17, `${late.at(0)} steps in a call: the bus takes ${share}`);
  assert.ok(Math.max(...counts) * 0.05 < 16, `${Math.max(...counts)} steps`);
  assert.ok(Math.abs(timing!.call - 1.5) < 0.15);
});

test('where the state stays on the device, calls are those of the CPU', () => {
  const webgpu = simulate(new CallPlan(settings(0, 100), 'webgpu'), 100, (count) => count * 0.01, 0);
  assert.equal(webgpu.timing, undefined);
  assert.deepEqual(webgpu.counts, [1, 20, 20, 20, 20, 19]);
});

test('the measured times are told once, and the number divides what is due', () => {
  const plan = new CallPlan(settings(0, 10_000, 500), 'cuda');
  const { counts, timing } = simulate(plan, 10_000, (count) => 0.03 + count * 0.01);
  assert.ok(Math.abs(timing!.step - 0.01) < 1e-9 && Math.abs(timing!.call - 0.03) < 1e-9);
  assert.equal(timing!.stepsPerCall, 100);
  assert.deepEqual([...new Set(counts)].length <= 5, true, `${[...new Set(counts)]}`);
  assert.equal(plan.note(100, 1), undefined);
});

test('a number in the configuration holds, and the CPU takes twenty', () => {
  const measured = simulate(new CallPlan(settings(7, 100), 'cuda'), 100, (count) => count * 0.01, 0);
  assert.deepEqual(measured.counts.slice(0, 3), [1, 7, 7]);
  assert.equal(measured.timing, undefined);
  const cpu = simulate(new CallPlan(settings(0, 100), 'cpu'), 100, (count) => count * 0.01, 0);
  assert.equal(cpu.timing, undefined);
  assert.deepEqual(cpu.counts, [1, 20, 20, 20, 20, 19]);
});
