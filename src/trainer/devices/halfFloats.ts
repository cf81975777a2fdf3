import { AppError } from '../../base/errors.ts';
import type { DeviceName } from '../../domain/device.ts';
import { cast, encodeModel, Graph, matmul } from '../../graph/index.ts';
import type { PrecisionName } from '../../recipes/recipe.ts';
import { ModelSession } from '../engine/session.ts';
import { modelOptions } from './providers.ts';

/**
 * Throws AppError 'bad-config' for a precision that this very GPU does not have. On WebGPU floats of 16 bits are an optional feature of the adapter
 * (https://www.w3.org/TR/webgpu/#dom-gpufeaturename-shader-f16), and ONNX Runtime would notice it in the middle of the first step.
 */
export async function requirePrecision(precision: PrecisionName, device: DeviceName): Promise<void> {
  if (device !== 'webgpu' || precision !== 'fp16') return;
  const session = await ModelSession.create(halfProduct(device), { device, threads: 1 });
  try {
    await session.run({ x: { data: new Float32Array(4), shape: [2, 2] } });
  } catch (error) {
    if (!/requires f16/.test(String(error))) throw error;
    throw new AppError(
      'bad-config',
      'precision=fp16 is not to be had on this GPU: it has no 16-bit floats for WebGPU.',
      {
        hint: 'Set precision=fp32; or install a newer driver of the GPU, since most that are not old have them.',
        cause: error,
      },
    );
  } finally {
    session.dispose();
  }
}

function halfProduct(device: 'webgpu'): Uint8Array {
  const graph = new Graph();
  const short = cast(graph.input('x', [2, 2]), 'float16');
  return encodeModel(graph, { y: cast(matmul(short, short), 'float32') }, modelOptions[device]);
}
