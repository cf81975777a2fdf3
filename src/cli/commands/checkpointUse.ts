import { AppError } from '../../base/errors.ts';
import { type DeviceChoice, deviceChoices } from '../../domain/device.ts';
import type { UseOptions } from '../../trainer/use/openCheckpoint.ts';
import { UsageError, wholeNumber } from '../arguments.ts';
import { useInstalledCuda } from '../installedCuda.ts';
import { useModelCache } from '../modelCache.ts';

/** The options of every command that computes with a checkpoint. */
export const useOptions = {
  device: { type: 'string' },
  threads: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Their values. Throws UsageError. */
export function useSettings({
  device,
  threads,
}: {
  device?: string | undefined;
  threads?: string | undefined;
}): UseOptions {
  if (device !== undefined && !(deviceChoices as readonly string[]).includes(device)) {
    throw new UsageError(`There is no device ${device}. There are ${deviceChoices.join(', ')}.`);
  }
  return {
    ...(device === undefined ? {} : { device: device as DeviceChoice }),
    ...(threads === undefined ? {} : { threads: Math.max(1, wholeNumber(threads, 'threads', 1)) }),
  };
}

/** The part of the trainer that uses checkpoints. It brings ONNX Runtime's library with it, which may be missing or made for another system. */
export async function loadUse() {
  await useInstalledCuda();
  await useModelCache();
  try {
    const { openCheckpoint } = await import('../../trainer/use/openCheckpoint.ts');
    const { drawSamples, exportCheckpoint, measureCheckpoint } = await import('../../trainer/use/useCheckpoint.ts');
    const { writeFileDurably } = await import('../../trainer/files/durableFile.ts');
    return { openCheckpoint, drawSamples, exportCheckpoint, measureCheckpoint, writeFileDurably };
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new AppError('device-unavailable', `ONNX Runtime could not be loaded: ${why}.`, {
      hint: 'Install the packages again with npm install.',
      cause: error,
    });
  }
}
