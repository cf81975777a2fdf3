// PyTorch in a child process that waits between its turns.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { optimizer, type Prepared } from './ours.ts';
import type { ProductSet } from './products.ts';

/** How PyTorch is set up. */
export interface PeerSetting {
  readonly name: string;
  readonly channelsLast?: boolean;
  readonly compile?: boolean;
  /** Makes oneMKL take its fast path on AMD processors as well, by a preloaded library. */
  readonly mklFastPath?: boolean;
}

/** What a turn took, by the clock and of the processors. */
export interface PeerTurn {
  readonly seconds: number;
  readonly used: number;
  readonly losses: readonly number[];
}

/** A peer that is running, or the reason why there is none. */
export class TorchPeer {
  readonly version: string;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #folder: string;

  private constructor(child: ChildProcess, lines: AsyncIterator<string>, folder: string, version: string) {
    this.#child = child;
    this.#lines = lines;
    this.#folder = folder;
    this.version = version;
  }

  /** null where there is no PyTorch or it cannot do the setting; the reason goes to the terminal. */
  static async start(work: Prepared | ProductSet, threads: number, setting: PeerSetting): Promise<TorchPeer | null> {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-bench-'));
    const environment = environmentOf(setting, folder);
    if (environment === null) return null;
    const plan = 'layers' in work ? writeProducts(folder, work, threads) : writePlan(folder, work, threads, setting);
    const script = path.join(import.meta.dirname, 'torchPeer.py');
    const child = spawn('python3', [script, plan], { env: environment, stdio: ['pipe', 'pipe', 'pipe'] });
    let complaints = '';
    child.stderr!.on('data', (chunk: Buffer) => {
      complaints += chunk.toString();
    });
    child.on('error', (error) => {
      complaints += error.message;
    });
    child.stdin!.on('error', () => undefined);
    const reader: Interface = createInterface({ input: child.stdout! });
    const lines = reader[Symbol.asyncIterator]();
    const first = await lines.next();
    if (first.done === true) {
      rmSync(folder, { recursive: true });
      console.log(`No PyTorch (${setting.name}): ${complaints.trim().split('\n').at(-1)}`);
      return null;
    }
    return new TorchPeer(child, lines, folder, (JSON.parse(first.value) as { version: string }).version);
  }

  /** Seconds, seconds of processor time and losses of some steps. */
  async run(steps: number): Promise<PeerTurn | null> {
    this.#child.stdin!.write(`${steps}\n`);
    const { value, done } = await this.#lines.next();
    return done === true ? null : JSON.parse(value);
  }

  async dispose(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.stdin!.end();
    if (this.#child.exitCode === null && this.#child.signalCode === null) await ended;
    rmSync(this.#folder, { recursive: true });
  }
}

/** TRAINYARD_TORCH names a folder with the package, for instance one made by `pip install --target FOLDER torch numpy`. */
function environmentOf(setting: PeerSetting, folder: string): NodeJS.ProcessEnv | null {
  const cached = path.join(os.homedir(), '.cache', 'trainyard-dev', 'torch');
  const place = process.env['TRAINYARD_TORCH'] ?? (existsSync(cached) ? cached : undefined);
  const base = place === undefined ? process.env : { ...process.env, PYTHONPATH: place };
  if (setting.mklFastPath !== true) return base;
  try {
    const source = path.join(folder, 'fast.c');
    const library = path.join(folder, 'fast.so');
    writeFileSync(source, 'int mkl_serv_intel_cpu_true(void) { return 1; }\n');
    execFileSync(process.env['CC'] ?? 'cc', ['-shared', '-fPIC', '-o', library, source]);
    return { ...base, LD_PRELOAD: library };
  } catch {
    console.log('No C compiler, so PyTorch is not measured on the fast path of oneMKL.');
    return null;
  }
}

function writeProducts(folder: string, { layers, times }: ProductSet, threads: number): string {
  const plan = path.join(folder, 'plan.json');
  writeFileSync(plan, JSON.stringify({ layers, times, threads }));
  return plan;
}

/** The plan and the numbers: parameters as float32, then the batch. */
function writePlan(folder: string, prepared: Prepared, threads: number, setting: PeerSetting): string {
  const chunks: Uint8Array[] = [];
  let offset = 0;
  const append = (data: ArrayBufferView) => {
    const at = offset;
    const padding = (8 - (data.byteLength % 8)) % 8;
    chunks.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), new Uint8Array(padding));
    offset += data.byteLength + padding;
    return at;
  };
  let start = 0;
  const parameters = prepared.specs.map(({ name, shape, decay }) => {
    const size = shape.reduce((total, length) => total * length, 1);
    const at = append(prepared.parameters.slice(start, start + size));
    start += size;
    return { name, shape, decay, offset: at };
  });
  const batch = prepared.subject.inputs.map(({ name, shape, kind }) => {
    return { name, shape, kind, offset: append(prepared.batch[name]!.data) };
  });
  const file = path.join(folder, 'numbers.bin');
  writeFileSync(file, Buffer.concat(chunks));
  const plan = path.join(folder, 'plan.json');
  const { learningRate, weightDecay } = optimizer;
  const { channelsLast = false, compile = false } = setting;
  const content = { subject: prepared.subject.id, threads, learningRate, weightDecay, channelsLast, compile, file };
  writeFileSync(plan, JSON.stringify({ ...content, parameters, batch }));
  return plan;
}
