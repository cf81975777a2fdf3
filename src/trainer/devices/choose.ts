import { AppError } from '../../base/errors.ts';
import type { DeviceChoice, DeviceName, DeviceProbe } from '../../domain/device.ts';
import { type DeviceTrial, deviceOrder, probeDevice } from './probe.ts';

/** The device of a run, and what was tried before it. */
export interface ChosenDevice {
  readonly device: DeviceName;
  /** "NVIDIA H100 80GB HBM3"; '' where unknown. */
  readonly detail: string;
  readonly refused: readonly DeviceProbe[];
  /** What the person should know of the device that was asked for by name: that it is slow. */
  readonly warning?: string;
}

/**
 * The device that a run is to use. A named device is that one or an AppError 'device-unavailable' with the reason; `auto` is the first
 * of the order that works and is not slower than the CPU, with the reasons against the ones before it.
 */
export async function chooseDevice(
  choice: DeviceChoice,
  probe: (device: DeviceName) => Promise<DeviceTrial> = probeDevice,
): Promise<ChosenDevice> {
  if (choice === 'cpu') return { ...theCpu(), refused: [] };
  if (choice !== 'auto') return useNamed(await probe(choice));
  const refused: DeviceProbe[] = [];
  for (const device of deviceOrder.filter((each) => each !== 'cpu')) {
    const { slowness, ...found } = await probe(device);
    if (found.usable && slowness === '') return { device, detail: found.detail, refused };
    refused.push(found.usable ? { ...found, usable: false, reason: slowness } : found);
  }
  return { ...theCpu(), refused };
}

/** The CPU needs no trial: ONNX Runtime has been loaded by this process, and the CPU is part of it. */
function theCpu(): { device: DeviceName; detail: string } {
  return { device: 'cpu', detail: '' };
}

/** "webgpu: No graphics adapter …" */
export function describeRefused({ device, reason }: DeviceProbe): string {
  return `${device}: ${reason}`;
}

function useNamed({ slowness, ...found }: DeviceTrial): ChosenDevice {
  if (found.usable) {
    const { device, detail } = found;
    return { device, detail, refused: [], ...(slowness === '' ? {} : { warning: slowness }) };
  }
  throw new AppError('device-unavailable', `The device ${found.device} cannot be used. ${found.reason}`, {
    hint: 'Mend that, or train with device=auto or device=cpu.',
  });
}
