// `npm run package`: a VSIX for this platform, with ONNX Runtime's binaries for this platform only. Option: --out FILE.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { createVSIX } from '@vscode/vsce';
import { biggest, stagePackage } from './package/stage.mjs';

const { values } = parseArgs({ options: { out: { type: 'string' } } });
const target = `${process.platform}-${process.arch}`;
const stage = mkdtempSync(path.join(os.tmpdir(), 'ty-package-'));
try {
  const built = spawnSync(process.execPath, ['scripts/build.mjs', '--production', '--out', path.join(stage, 'dist')], {
    stdio: 'inherit',
  });
  if (built.status !== 0) throw new Error('The build failed, so nothing was packaged.');
  const { version } = stagePackage(stage);
  const file = path.resolve(values.out ?? `trainyard-${version}-${target}.vsix`);
  // The stage holds exactly what belongs into the package.
  await createVSIX({
    cwd: stage,
    packagePath: file,
    target,
    allowMissingRepository: true,
    rewriteRelativeLinks: false,
  });
  console.log(`${file}: ${megabytes(statSync(file).size)}. Unpacked, the biggest files are:`);
  for (const { name, bytes } of biggest(stage, 8)) console.log(`  ${megabytes(bytes).padStart(8)}  ${name}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  rmSync(stage, { recursive: true, force: true });
}

/** @param {number} bytes */
function megabytes(bytes) {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
