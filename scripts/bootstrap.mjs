// Finds or installs what the other scripts need. Plain JavaScript, because it must run on the Node that a fresh machine has.
// `node scripts/bootstrap.mjs` prepares everything at once; the scripts ask for the parts that they use.
import { spawn } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDir } from './setup/cache.mjs';
import { ensureChromium } from './setup/chromium.mjs';
import { ensureCodeServer } from './setup/codeServer.mjs';
import { ensureNode } from './setup/node.mjs';
import { ensurePackages } from './setup/packages.mjs';

export { cacheDir, ensureChromium, ensureCodeServer, ensureNode, ensurePackages };

/** The repository's root folder. */
export const repo = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/**
 * Makes sure that the calling script runs under a Node that the product supports, with the packages installed. Under an
 * older Node it starts the script again under a newer one, hands signals and the exit code through, and never returns.
 * @param {string} script `import.meta.url` of the calling script
 * @returns {Promise<void>}
 */
export async function underSupportedNode(script) {
  try {
    const node = await ensureNode();
    await ensurePackages(repo);
    if (node === process.execPath) return;
    process.exit(await runHere(node, [fileURLToPath(script), ...process.argv.slice(2)]));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}

/**
 * Runs a command in this terminal, with this Node first on its PATH, and gives its exit code.
 * @param {string} node
 * @param {string[]} args
 * @returns {Promise<number>}
 */
export function runHere(node, args) {
  const child = spawn(node, args, { stdio: 'inherit', env: withNode(node) });
  // Ctrl-C reaches the child through the terminal's process group; a SIGTERM reaches only us and is passed on.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? (signal === null ? 1 : 128 + os.constants.signals[signal])));
  });
}

/**
 * The environment with this Node first on the PATH, so that what is started from here finds the same one.
 * @param {string} node
 * @returns {NodeJS.ProcessEnv}
 */
export function withNode(node) {
  return { ...process.env, PATH: `${path.dirname(node)}${path.delimiter}${process.env['PATH'] ?? ''}` };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const node = await ensureNode();
    await ensurePackages(repo);
    const server = await ensureCodeServer();
    const browser = await ensureChromium();
    console.log(`Node ${node}\nVS Code server ${server.entry}\nBrowser ${browser}\nCache ${cacheDir}`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
