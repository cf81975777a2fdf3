import os from 'node:os';
import { type WorkerPaths, workerPaths } from '../protocol/paths.ts';

type Environment = { readonly [name: string]: string | undefined };

/** The worker's places for the user of this process. */
export function userWorkerPaths(env: Environment = process.env): WorkerPaths {
  return workerPaths({
    platform: process.platform,
    home: os.homedir(),
    temporary: os.tmpdir(),
    uid: typeof process.getuid === 'function' ? process.getuid() : 0,
    env,
  });
}
