// Packs what a machine without network and without Node needs for the test on a GPU, and cuts it into pieces that can be carried one at a time.
// `npm run gpu:kit -- --out FOLDER [--piece-mb 50] [--packages FOLDER]`. Each piece is a folder with its part, the sums of all, and assemble.sh.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { providerLibraries } from '../../../src/trainer/devices/cuda/release.ts';

const root = path.resolve(import.meta.dirname, '../../..');

/** ONNX Runtime with the CUDA provider of the same version, which npm has in a package of another project (MIT): built for CUDA 13. */
const packages = {
  provider: 'com.github.asus4.onnxruntime.linux-x64-gpu@0.4.9',
  runtime: 'onnxruntime-node@1.29.0',
  common: 'onnxruntime-common@1.29.0',
} as const;
const providerInPackage = 'Plugins/Linux/x64';
const runtimeFiles = ['package.json', 'dist', 'bin/napi-v6/linux/x64'];
const fixtures = [
  'onnx/resnet18.onnx',
  'languageModels/gpt.onnx',
  'languageModels/bert.onnx',
  'languageModels/llama.onnx',
];

await main();

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { out: { type: 'string' }, 'piece-mb': { type: 'string', default: '50' }, packages: { type: 'string' } },
  });
  if (values.out === undefined) throw new Error('Say with --out FOLDER where the pieces go.');
  const cache = values.packages ?? path.join(os.homedir(), '.cache', 'trainyard-dev', 'gpu-kit');
  const work = mkdtempSync(path.join(os.tmpdir(), 'trainyard-kit-'));
  try {
    const kit = path.join(work, 'kit');
    await fill(kit, fetchPackages(cache));
    const archive = path.join(work, 'kit.tgz');
    execFileSync('tar', ['-czf', archive, '-C', kit, '.'], { stdio: 'inherit' });
    const pieces = cut(archive, values.out, 1e6 * Number(values['piece-mb']));
    console.log(`${pieces} pieces in ${values.out}, ${Math.round(statSync(archive).size / 1e6)} MB in all.`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Folders of the unpacked packages, by what they are for; fetched where they are not there. */
function fetchPackages(cache: string): { readonly [K in keyof typeof packages]: string } {
  const entries = Object.entries(packages).map(([key, spec]) => {
    const folder = path.join(cache, spec.replace('@', '-'));
    if (!existsSync(path.join(folder, 'package', 'package.json'))) {
      mkdirSync(folder, { recursive: true });
      const made = execFileSync('npm', ['pack', '--silent', '--pack-destination', folder, spec], { encoding: 'utf8' });
      const archive = path.join(folder, made.trim().split('\n').at(-1)!);
      execFileSync('tar', ['-xzf', archive, '-C', folder]);
      rmSync(archive);
    }
    return [key, path.join(folder, 'package')];
  });
  return Object.fromEntries(entries) as { readonly [K in keyof typeof packages]: string };
}

/** bin/node, run.sh, and app with the bundled test, its fixtures and ONNX Runtime. */
async function fill(kit: string, from: { readonly [K in keyof typeof packages]: string }): Promise<void> {
  const app = path.join(kit, 'app');
  mkdirSync(path.join(kit, 'bin'), { recursive: true });
  copyFileSync(process.execPath, path.join(kit, 'bin', 'node'));
  chmodSync(path.join(kit, 'bin', 'node'), 0o755);
  copyFileSync(path.join(import.meta.dirname, 'run.sh'), path.join(kit, 'run.sh'));
  chmodSync(path.join(kit, 'run.sh'), 0o755);
  await bundle(path.join(app, 'gpu', 'main.mjs'));
  for (const file of ['test/gpu/torchGpu.py', 'test/bench/engine/torchPeer.py']) {
    copyFileSync(path.join(root, file), path.join(app, 'gpu', path.basename(file)));
  }
  for (const file of fixtures) {
    const target = path.join(app, 'fixtures', file);
    mkdirSync(path.dirname(target), { recursive: true });
    copyFileSync(path.join(root, 'test', 'fixtures', file), target);
  }
  const runtime = path.join(app, 'node_modules', 'onnxruntime-node');
  for (const file of runtimeFiles) cpSync(path.join(from.runtime, file), path.join(runtime, file), { recursive: true });
  cpSync(from.common, path.join(app, 'node_modules', 'onnxruntime-common'), { recursive: true });
  for (const name of providerLibraries) {
    copyFileSync(path.join(from.provider, providerInPackage, name), path.join(runtime, 'bin/napi-v6/linux/x64', name));
  }
}

async function bundle(outfile: string): Promise<void> {
  await build({
    entryPoints: [path.join(root, 'test', 'gpu', 'main.ts')],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node22.15',
    external: ['onnxruntime-node'],
    logLevel: 'error',
    // Packages written as CommonJS ask for Node's modules.
    banner: {
      js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
    },
  });
}

/** Cuts the archive into equal parts, each into a folder of its own, and gives their number. */
function cut(archive: string, out: string, most: number): number {
  const total = statSync(archive).size;
  const count = Math.ceil(total / most);
  const size = Math.ceil(total / count);
  const handle = openSync(archive, 'r');
  const sums: string[] = [];
  try {
    for (let i = 0; i < count; i++) {
      const bytes = Buffer.alloc(size);
      const data = bytes.subarray(0, readSync(handle, bytes, 0, size, i * size));
      const folder = path.join(out, `piece-${i}`);
      const name = `kit.${String(i).padStart(2, '0')}`;
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true });
      writeFileSync(path.join(folder, name), data);
      copyFileSync(path.join(import.meta.dirname, 'assemble.sh'), path.join(folder, 'assemble.sh'));
      sums.push(`${createHash('sha256').update(data).digest('hex')}  ${name}`);
    }
  } finally {
    closeSync(handle);
  }
  for (let i = 0; i < count; i++) writeFileSync(path.join(out, `piece-${i}`, 'SHA256SUMS'), `${sums.join('\n')}\n`);
  return count;
}
