import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { bundles } from '../../../scripts/build/bundles.mjs';
import { bundleOptions } from '../../../scripts/build/options.mjs';
import { userWorkerPaths } from '../../../src/client/machine.ts';
import { workerMemory, workerNodeArguments } from '../../../src/client/startWorker.ts';
import type { WorkerPaths } from '../../../src/protocol/paths.ts';

/** The bundles of the product that a worker needs, built into a folder of the test's own as scripts/build.mjs builds them. */
export async function buildWorker(
  names: readonly string[] = ['worker', 'shim', 'readerThread'],
): Promise<{ folder: string; file: string; remove(): void }> {
  const root = mkdtempSync(path.join(os.tmpdir(), 'bundles-'));
  const folder = path.join(root, 'dist');
  mkdirSync(folder);
  const wanted = bundles().filter(({ name }) => names.includes(name));
  await Promise.all(
    wanted.map((bundle) =>
      build({
        ...bundleOptions(bundle, { outfile: path.join(folder, bundle.output), production: false }),
        sourcemap: false,
        logLevel: 'error',
      }),
    ),
  );
  for (const file of wanted.flatMap(({ files = [] }) => files)) {
    copyFileSync(file, path.join(folder, path.basename(file)));
  }
  return {
    folder,
    file: path.join(folder, 'worker.cjs'),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** A private home for worker processes, with an environment that leads there. `end` kills what is left and removes it. */
export class WorkerHome {
  readonly root = mkdtempSync(path.join(os.tmpdir(), 'home-'));
  readonly env: { readonly [name: string]: string };
  readonly paths: WorkerPaths;
  readonly #started = new Set<ChildProcess>();

  constructor(env: { readonly [name: string]: string } = {}) {
    const inherited = Object.fromEntries(
      ['PATH', 'HOME', 'LANG'].flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
    );
    this.env = {
      ...inherited,
      TRAINYARD_HOME: path.join(this.root, 'home'),
      XDG_RUNTIME_DIR: this.root,
      NODE_PATH: path.resolve('node_modules'),
      ...env,
    };
    this.paths = userWorkerPaths(this.env);
  }

  /** Starts a worker process directly, not detached, so that the test sees how it ends. */
  spawn(file: string): ChildProcess {
    const child = spawn(process.execPath, [...workerNodeArguments, file], {
      env: { ...workerMemory, ...this.env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#started.add(child);
    return child;
  }

  end(pids: readonly number[] = []): void {
    for (const child of this.#started) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    for (const pid of pids) killQuietly(pid);
    rmSync(this.root, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
}

export function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

/** How a process ended. */
export function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('exit', (code) => resolve(code)));
}
