import { AppError } from '../../base/errors.ts';
import type { DeviceName } from '../../domain/device.ts';
import type { HalfType } from '../../graph/index.ts';
import type { PrecisionName } from '../../recipes/recipe.ts';
import type { RunSettings } from '../config/runSettings.ts';
import type { StepNumbers } from '../engine/stepNumbers.ts';

/** How a device computes products of 16 bits: itself, or in float32 with factors and results that were rounded, or not at all. */
type HalfSupport = 'native' | 'rounded' | 'none';

/**
 * ONNX Runtime's CPU has no kernels for bfloat16 ("Could not find an implementation for MatMul"), and computes float16 in float32 without ever rounding,
 * since it drops the casts that it puts round its kernels: measured with 1.30. Of the others, only CUDA has kernels for bfloat16 (src/graph/kernels.ts).
 */
const support: { readonly [D in DeviceName]: { readonly [T in HalfType]: HalfSupport } } = {
  cpu: { float16: 'rounded', bfloat16: 'rounded' },
  cuda: { float16: 'native', bfloat16: 'native' },
  webgpu: { float16: 'native', bfloat16: 'none' },
  dml: { float16: 'native', bfloat16: 'none' },
  coreml: { float16: 'native', bfloat16: 'none' },
};

const types: { readonly [P in PrecisionName]: HalfType | undefined } = {
  fp32: undefined,
  fp16: 'float16',
  bf16: 'bfloat16',
};

/** How the numbers of a run's steps are computed on a device. Throws AppError 'bad-config' for a precision that it does not have. */
export function stepNumbers(
  { precision, accumulate, deterministic }: Pick<RunSettings, 'precision' | 'accumulate' | 'deterministic'>,
  device: DeviceName,
): StepNumbers {
  const type = types[precision];
  const how = type === undefined ? undefined : support[device][type];
  if (how === 'none') {
    throw new AppError(
      'bad-config',
      `precision=${precision} is not to be had on ${device}: it has no operations for it.`,
      {
        hint: 'Set precision=fp16 or precision=fp32, or train on CUDA; the CPU computes the numbers of bf16 too, though no faster.',
      },
    );
  }
  return {
    accumulate,
    // The CPU adds in one order anyway.
    ordered: deterministic && device !== 'cpu',
    ...(type === undefined ? {} : { precision: { type, emulated: how === 'rounded' } }),
  };
}

/** What a person should know of a precision on a device, or undefined. */
export function describePrecision({ precision }: StepNumbers, device: DeviceName): string | undefined {
  if (precision?.emulated === true) {
    return `On this device products of ${precision.type} are computed in float32 from rounded factors: the numbers are those of ${precision.type}, the speed is not.`;
  }
  // Measured with 1.30: against the largest number of a product over 1024, 4096, 16 384, the errors are 0.3, 0.6, 1.2 % (root of the mean square), and 0.02 % where sums are float32.
  if (precision?.type !== 'float16' || device !== 'webgpu') return undefined;
  return 'On WebGPU products of float16 are summed in float16 too, with errors of some 0.6 % where 4096 numbers are added up: compare with precision=fp32 before you trust a loss.';
}
