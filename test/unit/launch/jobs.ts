import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunId } from '../../../src/domain/ids.ts';
import type { LaunchRecord } from '../../../src/domain/launch.ts';
import { writeJsonSynced } from '../../../src/launch/files.ts';
import { readClaim, readState } from '../../../src/launch/local/jobFiles.ts';
import { LocalTarget, type LocalTargetOptions } from '../../../src/launch/local/localTarget.ts';
import { isSameProcessAlive, signalGroup } from '../../../src/launch/local/processIdentity.ts';
import type { JobPlace, JobPresence } from '../../../src/launch/target.ts';

export const shimFile = path.resolve('src/launch/local/shimMain.ts');

/** A private folder for one test; `end` removes it and every process of its jobs. */
export class JobFolder {
  readonly path = mkdtempSync(path.join(os.tmpdir(), 'jobs-'));
  readonly target: LocalTarget;
  readonly #places: JobPlace[] = [];

  constructor(patienceMs = 400, options: Partial<LocalTargetOptions> = {}) {
    this.target = new LocalTarget({
      shimFile,
      node: process.execPath,
      env: {},
      interruptMs: patienceMs,
      terminateMs: patienceMs,
      ...options,
    });
  }

  /** A run directory whose job is a piece of JavaScript. */
  job(
    id: string,
    script: string,
    command: readonly string[] = [process.execPath, '-e', script],
    more: Partial<LaunchRecord> = {},
  ): JobPlace {
    const directory = path.join(this.path, id);
    mkdirSync(directory);
    const record: LaunchRecord = {
      format: 1,
      id: id as RunId,
      requestId: id,
      name: id,
      recipe: '',
      createdAt: 0,
      command,
      cwd: directory,
      env: { TEST_VALUE: 'from the record' },
      device: 'cpu',
      overrides: [],
      dirty: false,
      labels: [],
      ...more,
    };
    writeJsonSynced(path.join(directory, 'launch.json'), record);
    const place = { runId: id as RunId, directory };
    this.#places.push(place);
    return place;
  }

  end(): void {
    this.target.dispose();
    for (const place of this.#places) {
      const child = readState(place.directory)?.child;
      if (child !== undefined && isSameProcessAlive(child)) signalGroup(child.pid, 'SIGKILL');
      const shim = readClaim(place.directory)?.shim;
      if (shim !== undefined && isSameProcessAlive(shim)) process.kill(shim.pid, 'SIGKILL');
    }
    rmSync(this.path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }
}

/** Waits until the job is in one of the states. */
export async function until(
  target: LocalTarget,
  place: JobPlace,
  ...kinds: JobPresence['kind'][]
): Promise<JobPresence> {
  for (;;) {
    const presence = target.inspect(place);
    if (kinds.includes(presence.kind)) return presence;
    await delay(20);
  }
}

/** Waits for a file of the run's directory, and gives its text. */
export async function text(place: JobPlace, name: string): Promise<string> {
  const file = path.join(place.directory, name);
  while (!existsSync(file) || readFileSync(file, 'utf8') === '') await delay(20);
  return readFileSync(file, 'utf8');
}
