// The trial by which a run chooses its device (`trainyard probe-device`).
import { describePlacement } from '../../../src/domain/device.ts';
import { tryDevice } from '../../../src/trainer/devices/trial.ts';
import type { Part } from './part.ts';

export const proof: Part = async function* ({ device }) {
  const result = await tryDevice(device);
  if (!result.ok) {
    yield { name: 'trial', ok: false, figures: {}, note: result.message.split('\n')[0]! };
    return;
  }
  const { milliseconds, cpuMilliseconds, proof: found } = result;
  const figures = {
    ms: milliseconds,
    "the CPU's ms": cpuMilliseconds,
    'ms a step': found.stepMs,
    'ms a call': found.callMs,
  };
  yield { name: 'trial', ok: true, figures, note: describePlacement(found.placement) };
};
