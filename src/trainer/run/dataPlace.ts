import type { DeviceName } from '../../domain/device.ts';
import type { FreeMemory } from '../../domain/memoryEstimate.ts';
import type { DataSet } from '../data/dataSet.ts';
import { residentBytes } from '../engine/residentData.ts';

/**
 * How large a set may be to lie on a device, in bytes. CUDA holds it as a constant of the model, which must stay below the 2 GB of a protobuf; WebGPU promises
 * 128 MiB for a buffer (https://www.w3.org/TR/webgpu/#limits), and its free memory is not told. The others take everything over the bus with each call, and the CPU has it
 * in memory anyway.
 */
const mostBytes = {
  cpu: 0,
  cuda: 1.5e9,
  webgpu: 128 * 2 ** 20,
  dml: 0,
  coreml: 0,
} satisfies { readonly [D in DeviceName]: number };

/** The share of the device's free memory that data may take: activations and the state come first. */
const shareOfFree = 0.2;

/** Whether a run's training set is to lie on the device, so that only numbers of examples travel there: one that lies in memory, is the same in every epoch and small enough. */
export function liesOnDevice(
  set: Pick<DataSet, 'facts' | 'plan' | 'isVaried'>,
  device: DeviceName,
  free: Pick<FreeMemory, 'device'>,
): boolean {
  if (set.plan !== undefined || set.isVaried === true) return false;
  const most = Math.min(mostBytes[device], shareOfFree * (free.device ?? Number.POSITIVE_INFINITY));
  return residentBytes(set) <= most;
}
