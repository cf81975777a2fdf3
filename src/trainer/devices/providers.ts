import type { InferenceSession } from 'onnxruntime-node';
import type { DeviceName } from '../../domain/device.ts';
import type { ModelOptions } from '../../graph/index.ts';

/**
 * What ONNX Runtime calls our devices. The CPU is never named beside another device: single operations without a kernel there fall
 * back to it anyway, but a device that cannot be used at all must be an error.
 */
export const executionProviders = {
  cpu: ['cpu'],
  cuda: ['cuda'],
  webgpu: ['webgpu'],
  dml: ['dml'],
  coreml: ['coreml'],
} satisfies { readonly [D in DeviceName]: readonly InferenceSession.ExecutionProviderConfig[] };

/**
 * How models must be written for a device. WebGPU promises eight buffers per program (https://www.w3.org/TR/webgpu/#limits). ONNX Runtime has operators on
 * channels in blocks for every x64 processor, for others not always (onnxruntime/core/mlas/lib/platform.cpp).
 */
export const modelOptions = {
  cpu: { writtenTransposes: true, columnSums: true, blockedConvolutions: process.arch === 'x64' },
  cuda: { atomicSums: true },
  webgpu: { mostTensorsPerNode: 8, atomicSums: true, narrowIntegers: true, commonOperators: true },
  dml: {},
  coreml: {},
} satisfies { readonly [D in DeviceName]: ModelOptions };

/**
 * Where tensors can lie on the device between calls. onnxruntime-node binds outputs to the memory of WebGPU only (js/node/src/tensor_helper.cc); those of other
 * devices come to the CPU at the end of every call.
 */
export const keepsState = {
  cpu: false,
  cuda: false,
  webgpu: true,
  dml: false,
  coreml: false,
} satisfies { readonly [D in DeviceName]: boolean };

/**
 * From how many elements on a tensor has optimizer state of its own. On the CPU that saves copies into and out of one long vector, which from
 * about this size on cost more than the nodes of one more update; elsewhere starting an operation costs more than copying.
 */
export const smallestPart = {
  cpu: 32_768,
  cuda: Number.POSITIVE_INFINITY,
  webgpu: Number.POSITIVE_INFINITY,
  dml: Number.POSITIVE_INFINITY,
  coreml: Number.POSITIVE_INFINITY,
} satisfies { readonly [D in DeviceName]: number };
