// Whole runs of the trainer on WebGPU.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { train } from '../../../../src/trainer/train.ts';
import { writeConfig, writeIdxSet } from '../support.ts';
import { checkpointBits } from '../trainProcess.ts';

export const runCases = { resumption };

export interface Resumption {
  /** Exit codes and complaints of the unbroken run, the one that goes on from its middle, and one that goes on from it on the CPU. */
  readonly ends: readonly (readonly [number, string])[];
  /** The same of a run in float16. */
  readonly half: readonly [number, string];
  /** Tensors of the last checkpoint. */
  readonly tensors: readonly string[];
  /** Those of the middle that the last steps have changed. */
  readonly changed: readonly string[];
  /** Those in which the second run's differ from the first one's. */
  readonly different: readonly string[];
  /** The largest difference of a weight that was trained on the CPU from there on. */
  readonly fromCpu: number;
  /** What the run said. */
  readonly lines: readonly string[];
}

/** A run with checkpoints, evaluation and an exported model, and runs that go on from its middle. */
async function resumption(): Promise<Resumption> {
  const folder = mkdtempSync(path.join(tmpdir(), 'trainyard-webgpu-'));
  try {
    const config = writeConfig(folder, {
      ...{
        recipe: 'classifier',
        network: { kind: 'mlp', width: 8 },
        data: writeIdxSet(folder),
        batchSize: 12,
        seed: 3,
      },
      ...{ steps: 12, stepsPerRun: 4, checkpointEvery: 6, evaluateEvery: 0, device: 'webgpu', threads: 1 },
    });
    const from = 'resume=runs/whole/checkpoints/step_00000006.safetensors';
    const whole = await trainOn('webgpu', folder, config, ['name=whole']);
    const second = await trainOn('webgpu', folder, config, ['name=second', from]);
    const third = await trainOn('cpu', folder, config, ['name=third', from]);
    const half = await trainOn('webgpu', folder, config, ['name=half', 'precision=fp16', 'steps=2']);
    const bits = (name: string, file?: string) => checkpointBits(path.join(folder, 'runs', name), file);
    const last = bits('whole');
    const keys = Object.keys(last);
    const differing = (other: Readonly<Record<string, string>>) => keys.filter((key) => other[key] !== last[key]);
    return {
      ends: [whole, second, third].map(({ code, complaint }) => [code, complaint] as const),
      half: [half.code, half.complaint],
      tensors: keys,
      changed: differing(bits('whole', 'step_00000006.safetensors')),
      different: differing(bits('second')),
      fromCpu: Math.max(...keys.map((key) => distance(last[key]!, bits('third')[key]!, key))),
      lines: whole.lines,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The trial of a device takes most of the time of so short a run, and has tests of its own. */
async function trainOn(device: 'cpu' | 'webgpu', folder: string, configFile: string, overrides: readonly string[]) {
  const lines: string[] = [];
  const complaints: string[] = [];
  const code = await train({
    ...{ configFile, overrides: [...overrides, `device=${device}`], folder, environment: {} },
    terminal: { line: (text) => void lines.push(text), progress: () => {} },
    complain: (message) => void complaints.push(message),
    chooseDevice: async () => ({ device, detail: '', refused: [] }),
  });
  return { code, lines, complaint: complaints.join('\n') };
}

function distance(a: string, b: string, key: string): number {
  if (!/^(model|average)\./.test(key)) return 0;
  const [one, other] = [a, b].map((hex) => new Float32Array(Uint8Array.from(Buffer.from(hex, 'hex')).buffer));
  return one!.reduce((most, value, i) => Math.max(most, Math.abs(value - other![i]!)), 0);
}
