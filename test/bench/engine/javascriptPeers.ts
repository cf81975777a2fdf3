// Libraries for training in JavaScript, each in a child process. They are no packages of this repository: they are fetched for the benchmark alone.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ChildPeer } from './childPeer.ts';
import type { Prepared } from './ours.ts';
import { writePlan } from './plan.ts';

export interface JavascriptPeer {
  readonly name: string;
  readonly script: string;
}

export const javascriptPeers: readonly JavascriptPeer[] = [
  { name: '@jax-js/jax', script: 'jax.mjs' },
  { name: '@tensorflow/tfjs', script: 'tfjs.mjs' },
];

const packages = ['@jax-js/jax@0.1.25', '@tensorflow/tfjs@4.22.0', '@tensorflow/tfjs-backend-wasm@4.22.0'];

/** null where the packages cannot be had or the library cannot do the subject; the reason goes to the terminal. */
export function startJavascript(prepared: Prepared, threads: number, peer: JavascriptPeer): Promise<ChildPeer | null> {
  return ChildPeer.start(peer.name, (folder) => {
    const place = packagesFolder();
    if (place === null) return null;
    const script = path.join(import.meta.dirname, 'peers', peer.script);
    const args = [script, writePlan(folder, prepared, { threads }), place, String(threads)];
    return { program: process.execPath, args, env: process.env };
  });
}

/** TRAINYARD_JS_PEERS names a folder whose node_modules has the packages; by default they are installed under ~/.cache. */
function packagesFolder(): string | null {
  const given = process.env['TRAINYARD_JS_PEERS'];
  if (given !== undefined) return given;
  const place = path.join(os.homedir(), '.cache', 'trainyard-dev', 'js-peers');
  if (existsSync(path.join(place, 'node_modules', '@tensorflow', 'tfjs-backend-wasm'))) return place;
  try {
    mkdirSync(place, { recursive: true });
    writeFileSync(path.join(place, 'package.json'), '{ "private": true }\n');
    const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    execFileSync('npm', ['install', ...options, ...packages], { cwd: place, stdio: 'inherit' });
    return place;
  } catch {
    console.log('The JavaScript libraries cannot be installed, so they are not measured.');
    return null;
  }
}
