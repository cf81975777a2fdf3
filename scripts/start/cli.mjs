// Speaks to Trainyard as any program would: through its command line, in JSON.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { repo } from '../bootstrap.mjs';

/** The built command line. */
export const cliFile = path.join(repo, 'dist', 'trainyard.cjs');

/**
 * Runs a command of the command line with `--json`, and gives what it printed.
 * @param {readonly string[]} args
 * @param {string} cwd
 * @param {{ mayFail?: boolean }} [options] mayFail: a failure that prints JSON is an answer too
 * @returns {Promise<any>} rejects with the command's own sentence when it fails
 */
export function trainyard(args, cwd, { mayFail = false } = {}) {
  return new Promise((resolve, reject) => {
    // A group of its own: Ctrl-C in this terminal must not reach a worker that this command starts.
    const child = spawn(process.execPath, ['--no-warnings', cliFile, ...args, '--json'], {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      const isAnswer = code === 0 || (mayFail && output.trimStart().startsWith('{'));
      if (!isAnswer) {
        return reject(
          new Error(errors.trim() || output.trim() || `trainyard ${args[0]} ended with exit code ${code}.`),
        );
      }
      try {
        resolve(JSON.parse(output));
      } catch {
        reject(
          new Error(`trainyard ${args.join(' ')} --json printed something else than JSON:\n${output.slice(0, 500)}`),
        );
      }
    });
  });
}
