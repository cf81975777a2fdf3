// The runs of a curve: ours by the trainer's own steps, and PyTorch's in a process of its own.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { sizeOf } from '../../../src/graph/index.ts';
import { exampleTensors } from '../../../src/recipes/data.ts';
import { BatchLoader } from '../../../src/trainer/data/batches.ts';
import type { DataSet, ExampleArrays } from '../../../src/trainer/data/dataSet.ts';
import { FusedSteps } from '../../../src/trainer/engine/fusedSteps.ts';
import { runtimeVersion } from '../../../src/trainer/engine/session.ts';
import { stepFor } from '../../../src/trainer/engine/stepFor.ts';
import type { StepNumbers } from '../../../src/trainer/engine/stepNumbers.ts';
import { initialState } from '../../../src/trainer/engine/trainState.ts';
import { torchEnvironment } from '../engine/torchPeer.ts';
import { type CurveSubject, STEPS, WARMUP } from './subjects.ts';

/** How PyTorch is run: what differs between two of its runs is noise. */
export interface PeerRun {
  readonly threads: number;
  /** Weights are moved by one step of float32 with this seed; 0: not at all. */
  readonly perturb: number;
}

/** The losses of a run, one per step, and what made them. */
export interface CurveRun {
  readonly version: string;
  readonly losses: readonly number[];
}

/** Our run, by the trainer's own steps. */
export async function ourLosses(subject: CurveSubject, threads: number, numbers: StepNumbers = {}): Promise<CurveRun> {
  const { program, facts, batch } = subject;
  const step = stepFor('cpu', program, facts, numbers);
  const loader = new BatchLoader(setOf(subject), 0);
  const placement = { device: 'cpu', threads } as const;
  const plan = { step, optimizer: program.optimizer, batchSize: batch, totalSteps: STEPS, seed: 0, loader, placement };
  const steps = new FusedSteps(plan);
  const losses: number[] = [];
  let state = initialState(step.pack.initialValues(1));
  while (state.step < STEPS) {
    const result = await steps.run(state, 20);
    losses.push(...result.metrics.get('train/loss')!);
    state = result.state;
  }
  steps.dispose();
  return { version: runtimeVersion, losses };
}

/** Starting weights and batches in the order of our run, in files that PyTorch reads. */
export class PeerFiles {
  readonly #folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-curves-'));
  readonly #plan: object;

  private constructor(subject: CurveSubject, batches: ExampleArrays) {
    const { program, facts, batch } = subject;
    const weights = path.join(this.#folder, 'weights.bin');
    writeFileSync(weights, stepFor('cpu', program, facts).pack.initialValues(1));
    const tensors = Object.entries(exampleTensors(facts)).map(([name, { shape, dtype }]) => {
      const file = path.join(this.#folder, `${name}.bin`);
      writeFileSync(file, batches[name] as Uint8Array);
      return { name, dtype, file, shape: [STEPS * batch, ...shape] };
    });
    const parameters = program.parameters.map(({ name, shape, decay }) => ({ name, shape, decay }));
    const { learningRate, weightDecay } = program.optimizer;
    const common = { subject: subject.id, side: 14, steps: STEPS, warmup: WARMUP, batch, learningRate, weightDecay };
    this.#plan = { ...common, weights, tensors, parameters };
  }

  static async write(subject: CurveSubject): Promise<PeerFiles> {
    const loader = new BatchLoader(setOf(subject), 0);
    return new PeerFiles(subject, await loader.take(0, STEPS * subject.batch));
  }

  /** The losses of a run; rejects with what Python said where it cannot be run. */
  run(how: PeerRun): Promise<CurveRun> {
    const file = path.join(this.#folder, `plan-${how.threads}-${how.perturb}.json`);
    writeFileSync(file, JSON.stringify({ ...this.#plan, ...how }));
    const script = path.join(import.meta.dirname, 'torchCurve.py');
    return new Promise((resolve, reject) => {
      const child = spawn('python3', [script, file], { env: torchEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] });
      const output: string[] = [];
      const complaints: string[] = [];
      child.stdout.on('data', (chunk: Buffer) => void output.push(chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => void complaints.push(chunk.toString()));
      child.once('error', reject);
      child.once('close', (code) => {
        if (code === 0) resolve(JSON.parse(output.join('')));
        else reject(new Error(complaints.join('').trim().split('\n').at(-1)));
      });
    });
  }

  dispose(): void {
    rmSync(this.#folder, { recursive: true });
  }
}

/** The examples as the trainer wants a data set. */
function setOf({ facts, examples }: CurveSubject): DataSet {
  const sizes = Object.entries(exampleTensors(facts)).map(([name, { shape }]) => [name, sizeOf(shape)] as const);
  return {
    name: 'train',
    path: '',
    facts,
    sha256: '',
    gather(indices) {
      const picked = sizes.map(([name, size]) => {
        const from = examples[name] as Float32Array;
        const to = new (from.constructor as Float32ArrayConstructor)(indices.length * size);
        for (let i = 0; i < indices.length; i++) {
          const index = indices[i]! % facts.examples;
          to.set(from.subarray(index * size, (index + 1) * size), i * size);
        }
        return [name, to] as const;
      });
      return Object.fromEntries(picked);
    },
    dispose() {},
  };
}
