// Type-checks every part of the source with the globals that the part may use, two at a time. Arguments name parts; without any, all of them.
import { spawn } from 'node:child_process';

const PARTS = [
  'src/tsconfig.pure.json',
  'src/tsconfig.json',
  'src/readers/text/assembly/tsconfig.json',
  'src/trainer/engine/assembly/tsconfig.json',
  'src/extension/tsconfig.json',
  'webview/tsconfig.json',
  'test/tsconfig.json',
  'scripts/tsconfig.json',
];
const AT_ONCE = 2;

const wanted = process.argv.slice(2);
const waiting = PARTS.filter((name) => wanted.length === 0 || wanted.includes(name));
if (waiting.length === 0) {
  console.error(`No such part: ${wanted.join(', ')}. There are ${PARTS.join(', ')}.`);
  process.exit(1);
}
await Promise.all(Array.from({ length: AT_ONCE }, checkNext));

/** Checks one waiting part after the other. */
async function checkNext() {
  for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) {
    if ((await check(part)) !== 0) process.exitCode = 1;
  }
}

/** @param {string} part @returns {Promise<number>} */
function check(part) {
  const child = spawn(process.execPath, ['node_modules/typescript/bin/tsc', '-p', part], { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}
