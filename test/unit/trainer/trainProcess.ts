import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { OutcomeFile } from '../../../src/domain/runDirectory.ts';
import { readTensors } from '../../../src/trainer/files/safetensors.ts';

/** How a trainer process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  readonly errors: string;
}

/** A trainer in a process of its own. */
export interface TrainProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** Starts `trainyard train` from source with `folder` as its working directory. */
export function startTraining(
  folder: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): TrainProcess {
  const main = path.join(import.meta.dirname, 'trainMain.ts');
  const child = spawn(process.execPath, ['--no-warnings', main, 'train', ...args], {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, output, errors }));
  });
  return { child, ended };
}

/** Trains to the end and gives how it ended. */
export function trainToEnd(
  folder: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<Ended> {
  return startTraining(folder, args, environment).ended;
}

/** Resolves when `condition` holds, or the process ends before. */
export async function until(training: TrainProcess, condition: () => boolean): Promise<void> {
  let over = false;
  void training.ended.then(() => {
    over = true;
  });
  while (!over && !condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

export function outcomeOf(runFolder: string): OutcomeFile {
  return JSON.parse(readFileSync(path.join(runFolder, 'outcome.json'), 'utf8')) as OutcomeFile;
}

/** Every tensor of a checkpoint as hexadecimal text, by name: what must be equal bit for bit. */
export function checkpointBits(runFolder: string, name = 'last.safetensors'): Record<string, string> {
  const { tensors } = readTensors(path.join(runFolder, 'checkpoints', name));
  return Object.fromEntries([...tensors].map(([key, { bytes }]) => [key, Buffer.from(bytes).toString('hex')]));
}

/** Whether the run has written its last checkpoint name. */
export function hasCheckpoint(runFolder: string): boolean {
  return existsSync(path.join(runFolder, 'checkpoints', 'last.safetensors'));
}

/** Bytes of all event files: grows with each call of the model. */
export function eventBytes(runFolder: string): number {
  if (!existsSync(runFolder)) return 0;
  return readdirSync(runFolder)
    .filter((name) => name.includes('tfevents'))
    .reduce((total, name) => total + statSync(path.join(runFolder, name)).size, 0);
}
