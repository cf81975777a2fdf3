// A real VS Code from npm alone: code-server with its own Node, in the cache, without compiler, root or install scripts.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cacheDir, cacheFolder } from './cache.mjs';
import { withLock } from './lock.mjs';
import { ensureNode24 } from './node.mjs';
import { npm, runQuietly } from './npm.mjs';
import { step } from './step.mjs';

const VERSION = '4.139.1';

// Parts of code-server that neither the tests nor the demo use (assistants, a diagram previewer): 124 MB.
const UNUSED = [
  'node_modules/@github/copilot-sdk-linux-x64',
  'node_modules/@github/copilot-sdk-linux-arm64',
  'node_modules/@microsoft/mxc-sdk',
  'extensions/copilot',
  'extensions/mermaid-markdown-features',
];

/**
 * Installs code-server into the cache where it is not there yet.
 * @returns {Promise<{ node: string, entry: string, version: string }>} the Node to run it with, and its entry script
 */
export async function ensureCodeServer() {
  if (process.platform !== 'linux') {
    throw new Error(
      'The VS Code server from npm runs on Linux only. Put desktop VS Code on the PATH (command `code`) and try again.',
    );
  }
  const node = await ensureNode24();
  const dir = path.join(cacheFolder(), `vscode-${VERSION}`);
  const entry = path.join(dir, 'node_modules', 'code-server', 'out', 'node', 'entry.js');
  const marker = path.join(dir, '.complete');
  if (!existsSync(marker)) {
    await withLock(path.join(cacheDir, 'vscode.lock'), async () => {
      if (!existsSync(marker))
        await step(`VS Code server ${VERSION} from npm into ${dir} (about 250 MB)`, () => install(dir, node));
    });
  }
  return { node, entry, version: VERSION };
}

/**
 * Installs beside the final place and renames at the end, so that a broken installation is never taken for a whole one.
 * @param {string} dir
 * @param {string} node
 */
async function install(dir, node) {
  const partial = `${dir}.partial`;
  rmSync(partial, { recursive: true, force: true });
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true, mode: 0o700 });
  writeFileSync(path.join(partial, 'package.json'), '{"private":true}\n');
  await npm(['install', `code-server@${VERSION}`], partial);
  const vscode = path.join(partial, 'node_modules', 'code-server', 'lib', 'vscode');
  await npm(['install', '--omit=dev'], vscode);
  await npm(['install', '--omit=dev'], path.join(vscode, 'extensions'));
  for (const part of UNUSED) rmSync(path.join(vscode, part), { recursive: true, force: true });
  await runQuietly(node, [path.join(partial, 'node_modules', 'code-server', 'out', 'node', 'entry.js'), '--version']);
  writeFileSync(path.join(partial, '.complete'), `${VERSION}\n`);
  renameSync(partial, dir);
}
