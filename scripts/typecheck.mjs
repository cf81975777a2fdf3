// Type-checks every part of the source with the globals that the part may use.
import { spawnSync } from 'node:child_process';

const parts = [
  'src/tsconfig.pure.json',
  'src/tsconfig.json',
  'src/extension/tsconfig.json',
  'webview/tsconfig.json',
  'test/tsconfig.json',
];
const wanted = process.argv.slice(2);
let failed = false;
for (const part of parts.filter((name) => wanted.length === 0 || wanted.includes(name))) {
  const result = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', part], { stdio: 'inherit' });
  failed ||= result.status !== 0;
}
process.exit(failed ? 1 : 0);
