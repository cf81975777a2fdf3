import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kernels } from '../../../../src/graph/kernels.ts';
import type { NetworkOnGpu, OperationsOnGpu, Residency } from './cases.ts';
import type { HalfOnGpu, ScaleOnGpu } from './half.ts';
import type { Resumption } from './runs.ts';
import { noSoftwareVulkan, onSoftwareGpu } from './softwareVulkan.ts';

const options = { skip: noSoftwareVulkan };

function assertNear(found: readonly number[], expected: readonly number[], tolerance: number): void {
  assert.equal(found.length, expected.length);
  for (const [i, value] of expected.entries()) {
    assert.ok(Math.abs(found[i]! - value) <= tolerance * Math.max(1, Math.abs(value)), `${i}: ${found[i]}, ${value}`);
  }
}

test('the gradient of a layer norm behind a sum is right on WebGPU', options, async (t) => {
  const { cpu, webgpu } = await onSoftwareGpu<Record<'cpu' | 'webgpu', number[]>>(t, 'normGradient');
  assert.equal(cpu.length, 96);
  assert.ok(cpu.some((value) => Math.abs(value) > 0.1));
  assertNear(webgpu, cpu, 1e-4);
});

test(
  'the state stays on the device between calls, nothing of it leaks, and a failed call loses nothing',
  options,
  async (t) => {
    const { expected, runs, left } = await onSoftwareGpu<Residency>(t, 'residency');
    const [loaded, resident] = runs;
    for (const run of runs) {
      assert.deepEqual([run.place, run.step, run.position], ['device', 5, 20]);
      assertNear(run.losses, expected.losses, 1e-5);
      assertNear(run.average, expected.average, 1e-5);
      assert.ok(
        run.live[0]! > 0 && run.live.every((count) => count === run.live[0]),
        `tensors on the device: ${run.live}`,
      );
      const [held, arrays] = run.figures;
      assert.deepEqual(held, arrays, 'an evaluation takes the weights where they are');
      assert.equal(Object.keys(held!).length, 2);
    }
    assert.match(loaded!.failure, /unplugged/);
    assert.deepEqual(resident!.losses, loaded!.losses, 'a data set on the device gives the examples of the loader');
    assert.deepEqual(resident!.average, loaded!.average);
    assert.equal(left, 0);
  },
);

test('training steps compute everything on the device but their random numbers', options, async (t) => {
  const found = await onSoftwareGpu<readonly NetworkOnGpu[]>(t, 'networks', 'mlp', 'transformer', 'unet');
  assert.equal(found.length, 3);
  for (const { name, losses, expected, onCpu, copies } of found) {
    assertNear(losses, expected, 1e-4);
    if (name !== 'unet') assert.deepEqual([onCpu, copies], [[], 0], name);
    // Its noise is made of products of 62 bits, which read nothing from the device, so that it is never waited for.
    else assert.deepEqual(new Set(onCpu), new Set(['Add', 'Mul', 'Mod', 'Cast']), name);
  }
});

test(
  'every operation and its gradient gives the CPU’s numbers, where the table of kernels says',
  options,
  async (t) => {
    const found = await onSoftwareGpu<OperationsOnGpu>(t, 'operations');
    assert.ok(found.outputs > 45 && found.worst < 1e-3, `${found.worst} apart`);
    const of = (wanted: string) =>
      Object.keys(kernels).filter((type) => kernels[type as keyof typeof kernels].webgpu === wanted);
    const [yes, no] = [new Set(of('yes')), new Set(of('no'))];
    assert.deepEqual(
      found.onCpu.filter((type) => !no.has(type)),
      [],
    );
    assert.deepEqual(
      found.onDevice.filter((type) => no.has(type)),
      [],
    );
    // ONNX Runtime folds what depends on constants alone, so not every operator is left.
    const seen = [...yes].filter((type) => found.onDevice.includes(type));
    assert.ok(seen.length > yes.size - 6, `${[...yes].filter((type) => !found.onDevice.includes(type))}`);
    assert.ok(found.wideOnCpu > 0, 'the random numbers');
  },
);

test('the scale of a loss falls, skips its steps and grows on WebGPU as on the CPU', options, async (t) => {
  const [large, growing] = await onSoftwareGpu<readonly ScaleOnGpu[]>(t, 'lossScale');
  for (const { cpu, webgpu, resumed } of [large!, growing!]) {
    assert.deepEqual(webgpu.scales, cpu.scales);
    assert.deepEqual(webgpu.lossScale, cpu.lossScale);
    assertNear(webgpu.losses, cpu.losses, 1e-6);
    assertNear(webgpu.parameters, cpu.parameters, 1e-6);
    assert.deepEqual(resumed, webgpu, 'steps that go on from a state in arrays give the same bits');
  }
  assert.deepEqual(large!.webgpu.scales.map(Math.log2), [127, 126, 125, 124, 123, 123, 123, 123]);
  assert.equal(new Set(large!.webgpu.losses.slice(0, 5)).size, 1, 'skipped steps change nothing');
  assert.equal(new Set(large!.webgpu.losses).size, 4, 'the others do');
  assert.deepEqual(growing!.webgpu.scales.map(Math.log2), [10, 10, 10, 11, 11, 11, 11, 11]);
});

test(
  'steps in float16 are the CPU’s on WebGPU, or are refused where the GPU has no such floats',
  options,
  async (t) => {
    const found = await onSoftwareGpu<readonly HalfOnGpu[] | { readonly refusal: string }>(
      t,
      'half',
      'mlp',
      'transformer',
    );
    if ('refusal' in found) {
      assert.match(found.refusal, /precision=fp16 is not to be had on this GPU/);
      t.diagnostic('This driver has no 16-bit floats; one that has is named by TRAINYARD_VULKAN_DRIVER (docs/gpu.md).');
      return;
    }
    assert.equal(found.length, 2);
    for (const { name, webgpu, cpu, onCpu } of found) {
      assert.deepEqual(onCpu, [], name);
      assert.deepEqual(webgpu.scales, cpu.scales, name);
      assert.ok(webgpu.scales.at(-1)! < webgpu.scales[0]!, 'steps were skipped');
      // Sums are float16 as well on WebGPU.
      assertNear(webgpu.losses, cpu.losses, 5e-3);
      assertNear(webgpu.parameters, cpu.parameters, 2e-3);
    }
  },
);

test(
  'a run on WebGPU goes on from a checkpoint to the same bits, and on the CPU to nearly the same numbers',
  options,
  async (t) => {
    const { ends, half, tensors, changed, different, fromCpu, lines } = await onSoftwareGpu<Resumption>(
      t,
      'resumption',
    );
    assert.deepEqual(ends, [
      [0, ''],
      [0, ''],
      [0, ''],
    ]);
    if (half[0] !== 0) assert.match(half[1], /fp16 is not to be had on this GPU.*Set precision=fp32/s);
    assert.ok(
      lines.some((line) => /webgpu: all \d+ operations of a step are on the device/.test(line)),
      lines.join('\n'),
    );
    assert.ok(tensors.length > 20);
    assert.deepEqual(changed, tensors, 'the second half of the run has changed all of its state');
    assert.deepEqual(different, []);
    assert.ok(fromCpu > 0 && fromCpu < 1e-5, `${fromCpu} apart`);
  },
);
