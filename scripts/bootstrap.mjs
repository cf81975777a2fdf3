// Finds or installs what the other scripts need. Plain JavaScript, because it must run on the Node that a fresh machine has.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const NODE_VERSION = '24.21.0';

/** The folder where tools that are not part of the repository are kept between runs. */
export const cacheDir = process.env.TRAINYARD_CACHE ?? path.join(os.homedir(), '.cache', 'trainyard-dev');

/** Path of a Node executable of version 22.15 or later; installs one from npm into the cache where the running one is older. */
export function ensureNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 15)) return process.execPath;
  const dir = path.join(cacheDir, 'node24');
  const pkg = `node-${process.platform}-${process.arch}`;
  const exe = path.join(dir, 'node_modules', pkg, 'bin', 'node');
  if (existsSync(exe)) return exe;
  mkdirSync(dir, { recursive: true });
  writeFileSync(path.join(dir, 'package.json'), '{"private":true}\n');
  const done = spawnSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', `${pkg}@${NODE_VERSION}`], { cwd: dir, stdio: 'inherit' });
  if (done.status !== 0 || !existsSync(exe)) throw new Error(`Trainyard needs Node 22.15 or later; installing ${pkg}@${NODE_VERSION} from npm failed.`);
  return exe;
}
