import { Disposables } from '../../base/disposables.ts';
import type { DeviceProof } from '../../domain/device.ts';
import { add, reduceMean, reshape, silu, transpose, type Value } from '../../graph/index.ts';
import { attention } from '../../nn/attention.ts';
import { conv2d, linear } from '../../nn/layers.ts';
import { layerNorm } from '../../nn/normalization.ts';
import type { Scope } from '../../nn/scope.ts';
import { classifierProgram } from '../../recipes/classifier/program.ts';
import { pixelsToUnit } from '../../recipes/pixels.ts';
import type { ImageFacts, OptimizerSettings } from '../../recipes/recipe.ts';
import { BatchLoader } from '../data/batches.ts';
import type { DataSet } from '../data/dataSet.ts';
import { FusedSteps, type StepPlan } from '../engine/fusedSteps.ts';
import type { Placement } from '../engine/session.ts';
import { stepFor } from '../engine/stepFor.ts';
import { lossTag } from '../engine/stepNames.ts';
import { initialState } from '../engine/trainState.ts';
import { lookAtPlacement } from './placement.ts';

/** What a few training steps on a device gave. */
export interface TrialSteps extends DeviceProof {
  readonly losses: Float32Array;
}

const facts: ImageFacts = { kind: 'images', examples: 64, height: 16, width: 16, channels: 3, classes: 4 };
const batchSize = 4;
const steps = 3;
const width = 16;
const seed = 7;
const optimizer: OptimizerSettings = {
  kind: 'adamw',
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.01,
  warmupSteps: 0,
  schedule: 'constant',
  finalFraction: 0,
  clipNorm: 1,
  emaDecay: 0.9,
};

/** Trains a small network on a device as a run does: through the trainer's own step, fused calls and optimizer. */
export async function trialSteps(placement: Placement): Promise<TrialSteps> {
  const owner = new Disposables();
  try {
    const program = classifierProgram(network, facts, batchSize, optimizer);
    const step = stepFor(placement.device, program, facts);
    const loader = owner.add(new BatchLoader(images, seed));
    const plan: StepPlan = { step, optimizer, batchSize, totalSteps: 100, seed, loader, placement };
    const start = initialState(step.pack.initialValues(seed));
    const fused = owner.add(new FusedSteps(plan));
    const { metrics } = await fused.run(start, steps);
    const many = await fastest(() => fused.run(start, steps));
    await fused.run(start, 1);
    const one = await fastest(() => fused.run(start, 1));
    const stepMs = Math.max(0, many - one) / (steps - 1);
    return {
      losses: metrics.get(lossTag)!,
      stepMs,
      callMs: Math.max(0, one - stepMs),
      placement: await lookAtPlacement(plan, start),
    };
  } finally {
    owner.dispose();
  }
}

/** What networks are made of: a convolution that halves the picture, then attention between its places with a norm ahead. */
function network(scope: Scope, pixels: Value): Value {
  const planes = transpose(pixelsToUnit(pixels), [0, 3, 1, 2]);
  const hidden = silu(scope.within('convolution', (inner) => conv2d(inner, planes, width, { stride: 2 })));
  const places = (facts.height * facts.width) / 4;
  const tokens = transpose(reshape(hidden, [pixels.shape[0]!, width, places]), [0, 2, 1]);
  const normed = scope.within('norm', (inner) => layerNorm(inner, tokens));
  const mixed = add(
    tokens,
    scope.within('attention', (inner) => attention(inner, normed, { heads: 2 })),
  );
  return scope.within('out', (inner) => linear(inner, reduceMean(mixed, [1], false), facts.classes));
}

/** Pictures made by a formula, whose class is their brightest colour. */
const images: DataSet = {
  name: 'train',
  path: '',
  facts,
  sha256: '',
  gather(indices) {
    const size = facts.height * facts.width * facts.channels;
    const pixels = new Uint8Array(indices.length * size);
    const labels = BigInt64Array.from({ length: indices.length }, (_, i) => BigInt(indices[i]! % facts.classes));
    for (let i = 0; i < pixels.length; i++) {
      const example = indices[Math.floor(i / size)]!;
      pixels[i] = (example * 37 + i * 11 + (i % facts.channels === example % facts.classes ? 90 : 0)) % 256;
    }
    return { images: pixels, labels };
  },
  dispose() {},
};

const timedRuns = 3;
/** Software drivers take seconds for what a GPU does in milliseconds, and a person waits for the answer. */
const slowMs = 300;

/** The machine may be busy, so the fastest run tells the speed. */
async function fastest(work: () => Promise<unknown>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < timedRuns; i++) {
    const begin = performance.now();
    await work();
    best = Math.min(best, performance.now() - begin);
    if (best > slowMs) break;
  }
  return best;
}
