import { execFile } from 'node:child_process';
import { type Disposable, Disposables } from '../../base/disposables.ts';
import { Emitter } from '../../base/emitter.ts';
import type { Gpu } from './gpu.ts';
import { parseDeviceList, parseNvidiaGpus, parseRocmGpus } from './gpuText.ts';

const queryTimeoutMs = 10_000;
/** A driver that does not answer in time is asked again after so long. */
const retryMs = 30_000;

/** How a tool is run: gives its output, or undefined where it is missing or fails. */
export type RunTool = (program: string, args: readonly string[]) => Promise<string | undefined>;

/**
 * Asks `nvidia-smi`, then `rocm-smi`. An empty list where neither is there or answers.
 * The query's fields: `nvidia-smi --help-query-gpu`; its output is not promised to be stable, so every field may be missing.
 */
export async function queryGpus(runTool: RunTool = runQuietly): Promise<readonly Gpu[]> {
  const fields = 'index,uuid,name,memory.total,memory.used,utilization.gpu,temperature.gpu,mig.mode.current';
  const text =
    (await runTool('nvidia-smi', [`--query-gpu=${fields}`, '--format=csv,noheader,nounits'])) ??
    // Drivers from before MIG refuse the last field.
    (await runTool('nvidia-smi', [`--query-gpu=${withoutLast(fields)}`, '--format=csv,noheader,nounits']));
  if (text !== undefined) {
    const gpus = parseNvidiaGpus(text);
    if (!gpus.some(({ isSliced }) => isSliced)) return gpus.map(({ gpu }) => gpu);
    return parseDeviceList((await runTool('nvidia-smi', ['-L'])) ?? '', gpus);
  }
  const rocm = await runTool('rocm-smi', [
    '--showid',
    '--showproductname',
    '--showmeminfo',
    'vram',
    '--showuse',
    '--showtemp',
    '--json',
  ]);
  return rocm === undefined ? [] : parseRocmGpus(rocm);
}

/** The GPUs of this machine, looked at when somebody needs to know and not more often than told. */
export class GpuWatch implements Disposable {
  readonly #owner = new Disposables();
  readonly #changed = this.#owner.add(new Emitter<readonly Gpu[]>());
  readonly #query: () => Promise<readonly Gpu[]>;
  #seen: { readonly gpus: readonly Gpu[]; readonly at: number } | undefined;
  #underWay: Promise<readonly Gpu[]> | undefined;

  /** Fires after every look. */
  readonly onLooked = this.#changed.event;

  constructor(query: () => Promise<readonly Gpu[]> = queryGpus) {
    this.#query = query;
  }

  /** As seen last; a new look begins where that is older than `maxAgeMs`. Undefined until the first look is over. */
  known(maxAgeMs: number): readonly Gpu[] | undefined {
    // A machine without GPUs does not get one so soon, and its missing tool need not be started every few seconds.
    const patience = this.#seen?.gpus.length === 0 ? Math.max(maxAgeMs, retryMs) : maxAgeMs;
    if (this.#seen === undefined || Date.now() - this.#seen.at > patience) void this.look();
    return this.#seen?.gpus;
  }

  /** Looks now; calls that come meanwhile share the look. */
  look(): Promise<readonly Gpu[]> {
    this.#underWay ??= this.#lookOnce().finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  dispose(): void {
    this.#owner.dispose();
  }

  async #lookOnce(): Promise<readonly Gpu[]> {
    const gpus = await this.#query().catch(() => []);
    this.#seen = { gpus, at: Date.now() };
    if (!this.#owner.isDisposed) this.#changed.fire(gpus);
    return gpus;
  }
}

/** What a program must have in its environment to see these GPUs, numbered as the driver's tool numbers them, and no others. */
export function gpuEnvironment(ids: readonly string[]): { readonly [name: string]: string } {
  const list = ids.join(',');
  // CUDA numbers the fastest first unless told otherwise (CUDA programming guide, "CUDA Environment Variables").
  return { CUDA_DEVICE_ORDER: 'PCI_BUS_ID', CUDA_VISIBLE_DEVICES: list, HIP_VISIBLE_DEVICES: list };
}

function withoutLast(fields: string): string {
  return fields.slice(0, fields.lastIndexOf(','));
}

function runQuietly(program: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(
      program,
      args,
      { timeout: queryTimeoutMs, maxBuffer: 4_000_000, windowsHide: true, env: { ...process.env, LC_ALL: 'C' } },
      (error, stdout) => resolve(error === null ? stdout : undefined),
    );
  });
}
