// Runs npm for the setup steps: no install scripts, no audit, output kept for the case of a failure.
import { spawn } from 'node:child_process';

/**
 * Runs `npm` with the arguments given and without any package's install scripts.
 * @param {string[]} args for example `['ci']`
 * @param {string} cwd
 * @returns {Promise<void>} rejects with npm's last lines when it fails
 */
export function npm(args, cwd) {
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip', npm_config_yes: 'true' };
  // On Windows npm is a command file, which Node starts through a shell only; no argument here comes from a user.
  const options = { cwd, env, shell: process.platform === 'win32' };
  return runQuietly('npm', [...args, ...quiet], options);
}

/**
 * Runs a program, keeps what it prints, and shows that only when it fails.
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<void>}
 */
export function runQuietly(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    /** @type {string[]} */
    const output = [];
    const keep = (/** @type {Buffer} */ chunk) => {
      output.push(chunk.toString());
      if (output.length > 400) output.shift();
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    child.on('error', (error) => reject(new Error(`${command} could not be started: ${error.message}`)));
    child.on('close', (code) => {
      if (code === 0) return resolve();
      reject(new Error(`${command} ${args.join(' ')} failed with exit code ${code}.\n${headAndTail(output.join(''))}`));
    });
  });
}

/** The reason of a failure stands at the beginning of some outputs and at the end of others. @param {string} text */
function headAndTail(text) {
  const lines = text.trim().split('\n');
  return lines.length <= 24 ? lines.join('\n') : [...lines.slice(0, 10), '…', ...lines.slice(-12)].join('\n');
}
