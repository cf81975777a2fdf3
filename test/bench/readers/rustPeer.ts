import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../../../scripts/setup/cache.mjs';

/** TensorBoard's own loader in Rust, as pip installs it. */
const packageName = 'tensorboard-data-server';
const loadTimeoutMs = 120_000;

export interface RustPeer {
  /** "TensorBoard's Rust loader 0.7.2". */
  readonly name: string;
  /** Loads the runs below a folder in a fresh process; gives the milliseconds of its first load as it reports them itself. */
  load(folder: string, options: { readonly checksum: boolean }): Promise<number>;
}

/** The peer, installed into the cache where it is missing; undefined where it cannot be had. */
export async function findRustPeer(): Promise<RustPeer | undefined> {
  const folder = cacheFolder('tensorboard-data-server');
  const server = path.join(folder, 'tensorboard_data_server', 'bin', 'server');
  if (!existsSync(server)) await install(folder);
  if (!existsSync(server)) return undefined;
  const { stdout } = await promisify(execFile)(server, ['--version']).catch(() => ({ stdout: '' }));
  const version = /\d[\d.]*/.exec(stdout)?.[0];
  return version === undefined
    ? undefined
    : { name: `TensorBoard's Rust loader ${version}`, load: (runs, { checksum }) => load(server, runs, checksum) };
}

async function install(folder: string): Promise<void> {
  const args = ['-m', 'pip', 'install', '--quiet', '--target', folder, packageName];
  await promisify(execFile)('python3', args, { timeout: 120_000 }).catch((error: Error) => {
    console.error(`${packageName} cannot be installed: ${error.message.split('\n')[0]}`);
  });
}

/** It keeps no point at all (its cheapest setting), serves on a port of 127.0.0.1 that the system chooses, and is ended after its first load. */
function load(server: string, folder: string, checksum: boolean): Promise<number> {
  const args = [
    '--logdir',
    folder,
    '--port',
    '0',
    checksum ? '--checksum' : '--no-checksum',
    '--samples-per-plugin',
    'scalars=0',
    '-vv',
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(server, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    const timeout = setTimeout(() => child.kill('SIGKILL'), loadTimeoutMs);
    let log = '';
    let milliseconds: number | undefined;
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      const found = /Finished load cycle \(([\d.]+)(ms|s)\)/.exec(log);
      if (found === null) return;
      milliseconds = Number(found[1]) * (found[2] === 's' ? 1000 : 1);
      child.kill('SIGKILL');
    });
    child.on('error', reject);
    child.on('close', () => {
      clearTimeout(timeout);
      if (milliseconds === undefined) reject(new Error(`The Rust loader did not finish:\n${log.slice(-500)}`));
      else resolve(milliseconds);
    });
  });
}
