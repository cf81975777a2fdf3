// The networks of the engine's bench on a device: times of a step and of a call, where the operations run, and the losses beside those of the CPU.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type DeviceName, describePlacement } from '../../src/domain/device.ts';
import { stepPlacement } from '../../src/trainer/devices/placement.ts';
import { readTrace } from '../../src/trainer/profile/trace.ts';
import { OurSteps, type Prepared, prepare } from '../bench/engine/ours.ts';
import { type Subject, subjects } from '../bench/engine/subjects.ts';

export interface NetworkOnGpu {
  readonly title: string;
  readonly stepMs: number;
  readonly callMs: number;
  readonly placement: string;
  /** Largest difference of a loss, relative. */
  readonly lossDifference: number;
  readonly error?: string;
}

const fused = 10;
const timedCalls = 5;

/** Each network after the other; a failure is a row of its own. */
export async function* networksOnGpu(
  device: DeviceName = 'cuda',
  which: readonly Subject[] = subjects,
): AsyncGenerator<NetworkOnGpu> {
  for (const subject of which) {
    try {
      yield await measure(prepare(subject), device);
    } catch (error) {
      const { message } = error as Error;
      yield {
        title: subject.title,
        stepMs: 0,
        callMs: 0,
        placement: '',
        lossDifference: 0,
        error: message.split('\n')[0]!,
      };
    }
  }
}

async function measure(prepared: Prepared, device: DeviceName): Promise<NetworkOnGpu> {
  const many = await timed(prepared, device, fused);
  const one = await timed(prepared, device, 1);
  const cpu = await OurSteps.create(prepared, fused, 1);
  const right = await cpu.run();
  cpu.dispose();
  const stepMs = Math.max(0, many.ms - one.ms) / (fused - 1);
  const differences = Array.from(right, (loss, i) => Math.abs(many.losses[i]! - loss) / Math.abs(loss));
  return {
    title: prepared.subject.title,
    stepMs,
    callMs: Math.max(0, one.ms - stepMs),
    placement: await placementOf(prepared, device),
    lossDifference: Math.max(...differences),
  };
}

/** The losses of the first call and the fastest of the others. */
async function timed(
  prepared: Prepared,
  device: DeviceName,
  steps: number,
): Promise<{ losses: Float32Array; ms: number }> {
  const ours = await OurSteps.create(prepared, steps, 1, undefined, device);
  try {
    const losses = await ours.run();
    let ms = Number.POSITIVE_INFINITY;
    for (let call = 0; call < timedCalls; call++) {
      const begin = performance.now();
      await ours.run();
      ms = Math.min(ms, performance.now() - begin);
    }
    return { losses, ms };
  } finally {
    ours.dispose();
  }
}

async function placementOf(prepared: Prepared, device: DeviceName): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'trainyard-gpu-'));
  const ours = await OurSteps.create(prepared, 1, 1, path.join(folder, 'trace'), device);
  try {
    await ours.run();
    ours.endTrace();
    const text = readFileSync(path.join(folder, readdirSync(folder)[0]!), 'utf8');
    return describePlacement(stepPlacement(readTrace(text), device));
  } finally {
    ours.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}
