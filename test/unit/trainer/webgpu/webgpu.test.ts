import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noSoftwareVulkan, onSoftwareGpu } from './softwareVulkan.ts';

test('the gradient of a layer norm behind a sum is right on WebGPU', { skip: noSoftwareVulkan }, async (t) => {
  const { cpu, webgpu } = await onSoftwareGpu<Record<'cpu' | 'webgpu', number[]>>(t, 'normGradient');
  assert.equal(cpu.length, 96);
  assert.ok(cpu.some((value) => Math.abs(value) > 0.1));
  for (const [i, value] of cpu.entries()) assert.ok(Math.abs(webgpu[i]! - value) < 1e-4, `${i}: ${webgpu[i]} ${value}`);
});
