// Type-checks every part of the source with the globals that the part may use. Arguments name parts; without any, all of them.
import { spawnSync } from 'node:child_process';

const parts = [
  'src/tsconfig.pure.json',
  'src/tsconfig.json',
  'src/extension/tsconfig.json',
  'webview/tsconfig.json',
  'test/tsconfig.json',
  'scripts/tsconfig.json',
];
const wanted = process.argv.slice(2);
const chosen = parts.filter((name) => wanted.length === 0 || wanted.includes(name));
if (chosen.length === 0) {
  console.error(`No such part: ${wanted.join(', ')}. There are ${parts.join(', ')}.`);
  process.exit(1);
}
for (const part of chosen) {
  const result = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', part], { stdio: 'inherit' });
  if (result.status !== 0) process.exitCode = 1;
}
