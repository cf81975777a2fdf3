import type { DeviceName, DeviceProof } from '../../domain/device.ts';
import { concat, Graph, matmul, mul, nextName, scanModel, split, tanh } from '../../graph/index.ts';
import { ModelSession, type Placement } from '../engine/session.ts';
import { modelOptions } from './providers.ts';
import { trialSteps } from './trialStep.ts';

/** What a trial of a device found. */
export type TrialResult =
  | { readonly ok: true; readonly milliseconds: number; readonly cpuMilliseconds: number; readonly proof: DeviceProof }
  | { readonly ok: false; readonly message: string };

/**
 * Runs real models on a device, compared with the CPU's numbers: a few fused steps with a matrix product, timed on both, then training steps of a small network.
 * A device may end the whole process here, so this runs in a child process.
 */
export async function tryDevice(device: DeviceName): Promise<TrialResult> {
  try {
    const trial = await runTrial({ device, threads: 1 });
    if (device === 'cpu')
      return {
        ok: true,
        milliseconds: trial.milliseconds,
        cpuMilliseconds: trial.milliseconds,
        proof: await prove(device),
      };
    const cpu = await runTrial({ device: 'cpu', threads: 1 });
    const difference = largestDifference(trial.values, cpu.values);
    if (!(difference < tolerance)) {
      return { ok: false, message: `It computes wrong numbers: a product differs from the CPU's by ${difference}.` };
    }
    return {
      ok: true,
      milliseconds: trial.milliseconds,
      cpuMilliseconds: cpu.milliseconds,
      proof: await prove(device),
    };
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
}

/** Training steps on a device, held against the CPU's. Throws where the losses differ. */
async function prove(device: DeviceName): Promise<DeviceProof> {
  const { losses, ...proof } = await trialSteps({ device, threads: 1 });
  if (device === 'cpu') return proof;
  const { losses: right } = await trialSteps({ device: 'cpu', threads: 1 });
  const at = losses.findIndex((loss, i) => !(Math.abs(loss - right[i]!) < tolerance * Math.abs(right[i]!)));
  if (at < 0) return proof;
  throw new Error(
    `It trains wrongly: the loss of step ${at + 1} of a small network is ${losses[at]}, and ${right[at]} on the CPU.`,
  );
}

const size = 240;
const steps = 8;
const timedRuns = 3;
const manyParts = 24;
/** Half precision inside a product (TF32 on NVIDIA) stays below this for values up to 1. */
const tolerance = 0.02;

async function runTrial(placement: Placement): Promise<{ values: Float32Array; milliseconds: number }> {
  const session = await ModelSession.create(trialModel(placement.device), placement);
  try {
    const weights = Float32Array.from({ length: size * size }, (_, i) => Math.sin(i) / Math.sqrt(size));
    const inputs = {
      x: { data: weights, shape: [size, size] },
      scale: { data: new Float32Array(steps).fill(1), shape: [steps] },
    };
    // The first run also compiles. Of the others the fastest tells the speed, since the machine may be busy.
    let values = (await session.run(inputs))[nextName('x')] as Float32Array;
    let milliseconds = Number.POSITIVE_INFINITY;
    for (let i = 0; i < timedRuns; i++) {
      const start = performance.now();
      values = (await session.run(inputs))[nextName('x')] as Float32Array;
      milliseconds = Math.min(milliseconds, performance.now() - start);
    }
    return { values, milliseconds };
  } finally {
    session.dispose();
  }
}

/** A product, and what a network of many parameters has: one vector cut into many parts, which are joined again. */
function trialModel(device: DeviceName): Uint8Array {
  const graph = new Graph();
  const x = graph.input('x', [size, size], 'float32');
  const scale = graph.input('scale', [], 'float32');
  const product = tanh(mul(matmul(x, x), scale));
  const parts = split(
    product,
    Array.from({ length: manyParts }, () => size / manyParts),
    0,
  );
  const next = concat(
    parts.map((part) => mul(part, scale)),
    0,
  );
  const scan = {
    graph,
    state: [{ name: 'x', input: x, next }],
    sequence: [{ name: 'scale', input: scale }],
    perStep: {},
  };
  return scanModel(scan, steps, modelOptions[device]);
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}
