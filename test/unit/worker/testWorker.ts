import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { greetWorker, type WorkerConnection } from '../../../src/client/handshake.ts';
import type { JobId, RunId } from '../../../src/domain/ids.ts';
import type { RunSummary } from '../../../src/domain/run.ts';
import { readClaim, readState } from '../../../src/launch/local/jobFiles.ts';
import { isSameProcessAlive, signalGroup } from '../../../src/launch/local/processIdentity.ts';
import { workerPaths } from '../../../src/protocol/paths.ts';
import { findInstallation } from '../../../src/worker/installation.ts';
import { Worker } from '../../../src/worker/worker.ts';

/** A worker inside the test's own process, with a home, a socket and a workspace folder of its own; jobs and reader threads are real. */
export class TestWorker {
  readonly root = mkdtempSync(path.join(os.tmpdir(), 'worker-'));
  readonly home = path.join(this.root, 'home');
  readonly folder = path.join(this.root, 'workspace');
  readonly paths = workerPaths({
    platform: process.platform,
    home: this.home,
    temporary: this.root,
    uid: process.getuid?.() ?? 0,
    env: { TRAINYARD_HOME: this.home },
  });
  #worker: Worker | undefined;
  readonly #connections: WorkerConnection[] = [];
  readonly #directories = new Set<string>();

  get worker(): Worker {
    return this.#worker!;
  }

  async start(): Promise<void> {
    mkdirSync(this.home, { recursive: true });
    mkdirSync(this.folder, { recursive: true });
    const installation = findInstallation(this.home);
    this.#worker = new Worker({
      paths: this.paths,
      installation,
      idleMs: 3_600_000,
      onEnd: () => this.stop(),
      interruptMs: 400,
      terminateMs: 400,
    });
    this.#worker.scheduler.onChanged(() => this.#noteDirectories());
    await this.#worker.start();
  }

  /** Ends the worker as a shutdown does; jobs go on. */
  stop(): void {
    this.#worker?.dispose();
    this.#worker = undefined;
  }

  async connect(client: 'cli' | 'extension' = 'cli'): Promise<WorkerConnection> {
    const connection = await greetWorker(this.paths, { client, version: '0.0.0' });
    if (connection === undefined) throw new Error('The worker does not answer.');
    this.#connections.push(connection);
    return connection;
  }

  /** Launches a piece of JavaScript as a job. */
  async launchScript(
    name: string,
    script: string,
    more: { slot?: string; hold?: boolean; requestId?: string } = {},
  ): Promise<RunId> {
    const { runId, directory, root } = await this.worker.launcher.launchCommand({
      requestId: more.requestId ?? name,
      folder: this.folder,
      name,
      command: [process.execPath, '-e', script],
      cwd: this.folder,
      slot: more.slot ?? 'cpu',
      ...(more.hold === undefined ? {} : { hold: more.hold }),
    });
    this.#directories.add(directory);
    await this.worker.monitor.followNow({ source: 'trainyard', path: directory, root, name });
    return runId;
  }

  jobId(runId: RunId): JobId {
    return runId as string as JobId;
  }

  /** Waits until a run has one of the states. */
  async until(connection: WorkerConnection, runId: RunId, ...statuses: RunSummary['status'][]): Promise<RunSummary> {
    for (;;) {
      const run = await connection.call('runs.get', { runId });
      if (statuses.includes(run.status)) return run;
      await delay(20);
    }
  }

  write(file: string, content: string | Uint8Array): string {
    const full = path.join(this.folder, file);
    mkdirSync(path.dirname(full), { recursive: true });
    writeFileSync(full, content);
    return full;
  }

  end(): void {
    this.#noteDirectories();
    for (const connection of this.#connections) connection.dispose();
    this.stop();
    for (const directory of this.#directories) endJob(directory);
    rmSync(this.root, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }

  #noteDirectories(): void {
    for (const job of this.#worker?.scheduler.jobs ?? []) {
      const run = this.#worker?.catalog.get(job.runId);
      if (run !== undefined) this.#directories.add(run.found.path);
    }
  }
}

/** Ends what a test has left running in a run directory. */
export function endJob(directory: string): void {
  const child = readState(directory)?.child;
  if (child !== undefined && isSameProcessAlive(child)) signalGroup(child.pid, 'SIGKILL');
  const shim = readClaim(directory)?.shim;
  if (shim !== undefined && isSameProcessAlive(shim)) process.kill(shim.pid, 'SIGKILL');
}

/** Waits until the condition holds. */
export async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(20);
}
