// PyTorch in a child process.
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ChildPeer } from './childPeer.ts';
import type { Prepared } from './ours.ts';
import { writePlan } from './plan.ts';
import type { ProductSet } from './products.ts';

/** How PyTorch is set up. */
export interface PeerSetting {
  readonly name: string;
  readonly channelsLast?: boolean;
  readonly compile?: boolean;
  /** Makes oneMKL take its fast path on AMD processors as well, by a preloaded library. */
  readonly mklFastPath?: boolean;
}

/** null where there is no PyTorch or it cannot do the setting; the reason goes to the terminal. */
export function startTorch(
  work: Prepared | ProductSet,
  threads: number,
  setting: PeerSetting,
): Promise<ChildPeer | null> {
  const { name, channelsLast = false, compile = false } = setting;
  return ChildPeer.start(`PyTorch (${name})`, (folder) => {
    const env = environmentOf(setting, folder);
    if (env === null) return null;
    const plan =
      'layers' in work
        ? writeProducts(folder, work, threads)
        : writePlan(folder, work, { threads, channelsLast, compile });
    return { program: 'python3', args: [path.join(import.meta.dirname, 'torchPeer.py'), plan], env };
  });
}

/** TRAINYARD_TORCH names a folder with the package, for instance one made by `pip install --target FOLDER torch numpy`. */
export function torchEnvironment(): NodeJS.ProcessEnv {
  const cached = path.join(os.homedir(), '.cache', 'trainyard-dev', 'torch');
  const place = process.env['TRAINYARD_TORCH'] ?? (existsSync(cached) ? cached : undefined);
  return place === undefined ? process.env : { ...process.env, PYTHONPATH: place };
}

function environmentOf(setting: PeerSetting, folder: string): NodeJS.ProcessEnv | null {
  const base = torchEnvironment();
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
