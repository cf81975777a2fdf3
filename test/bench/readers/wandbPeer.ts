import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { PythonPackages } from '../../trackers/python.ts';
import { installWandb } from '../../trackers/wandbPackage.ts';

export interface WandbPeer {
  /** "wandb 0.30.0 in Python". */
  readonly name: string;
  /** Reads a log in a fresh process; gives the milliseconds from the first byte to the last value. Throws where it finds another number of values. */
  read(log: string, expectedValues: number, options?: { readonly keepTexts?: boolean }): Promise<number>;
}

/** wandb's own classes in Python, installed into the cache where they are missing; undefined where they cannot be had. */
export async function findWandbPeer(): Promise<WandbPeer | undefined> {
  const python = new PythonPackages('wandb');
  try {
    await installWandb(python);
    const name = `wandb ${await python.version('wandb')} in Python`;
    return { name, read: (log, values, options) => read(python, log, values, options?.keepTexts === true) };
  } catch (error) {
    console.error(`wandb cannot be installed: ${(error as Error).message}`);
    return undefined;
  }
}

async function read(python: PythonPackages, log: string, expected: number, keepTexts: boolean): Promise<number> {
  const script = path.join(import.meta.dirname, 'wandbRead.py');
  const { stdout } = await promisify(execFile)('python3', [script, log, ...(keepTexts ? ['texts'] : [])], {
    env: python.environment,
  });
  const { milliseconds, values } = JSON.parse(stdout) as { milliseconds: number; values: number };
  if (values !== expected) throw new Error(`The peer read ${values} of ${expected} values.`);
  return milliseconds;
}
