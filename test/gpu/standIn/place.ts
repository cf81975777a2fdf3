// Where ONNX Runtime's real CUDA provider puts the nodes of our models, on a machine without a GPU: its libraries are replaced by ones that compute nothing.
// `npm run gpu:place -- --provider FOLDER [--runtime FOLDER]`: a folder with libonnxruntime_providers_{cuda,shared}.so, and the package onnxruntime-node of the same
// version, unpacked (by default the installed one). Writes test/bench/results/gpuPlacement.md. Exit code 1 where a node is not on the device.
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { providerVariable } from '../../../src/trainer/devices/cuda/providerFolder.ts';
import { bindingFiles, cudaRelease, providerLibraries } from '../../../src/trainer/devices/cuda/release.ts';
import { buildStandIns } from './build.ts';
import { marker } from './placeModels.ts';

const results = path.join(import.meta.dirname, '..', '..', 'bench', 'results', 'gpuPlacement.md');

process.exitCode = main();

function main(): number {
  const { values } = parseArgs({ options: { provider: { type: 'string' }, runtime: { type: 'string' } } });
  if (values.provider === undefined) {
    console.error('Say with --provider FOLDER where the libraries of a CUDA provider are.');
    return 1;
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'trainyard-place-'));
  try {
    const [runtime, standIns] = [path.join(folder, 'runtime'), path.join(folder, 'cuda')];
    const version = gather(values.provider, values.runtime, runtime);
    buildStandIns(values.provider, standIns);
    const placed = readPlacements(run(runtime, standIns));
    const page = pageOf(version, placed);
    writeFileSync(results, page);
    console.log(page);
    return placed.length > 0 && placed.every(isWhole) ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Puts binding and provider into one folder, as an installed provider has them. Gives the version. */
function gather(provider: string, given: string | undefined, folder: string): string {
  mkdirSync(folder);
  const release = cudaRelease();
  const binaries = given === undefined ? release.binaries : path.join(given, 'bin', 'napi-v6', 'linux', 'x64');
  for (const name of bindingFiles) copyFileSync(path.join(binaries, name), path.join(folder, name));
  for (const name of providerLibraries) copyFileSync(path.join(provider, name), path.join(folder, name));
  if (given === undefined) return release.version;
  return (JSON.parse(readFileSync(path.join(given, 'package.json'), 'utf8')) as { version: string }).version;
}

/** All that ONNX Runtime says while it loads the models. It goes to a file, since a pipe that is full for a moment loses the rest. */
function run(runtime: string, standIns: string): string {
  const env = { ...process.env, [providerVariable]: runtime, LD_LIBRARY_PATH: standIns };
  const program = path.join(import.meta.dirname, 'placeModels.ts');
  const log = path.join(standIns, 'log');
  const handle = openSync(log, 'w');
  const { status } = spawnSync(process.execPath, ['--no-warnings', program, 'run'], {
    env,
    stdio: ['ignore', 'inherit', handle],
  });
  closeSync(handle);
  const said = readFileSync(log, 'utf8');
  if (status !== 0) throw new Error(said.slice(-2000));
  return said;
}

interface Placed {
  readonly title: string;
  readonly error: string;
  readonly onDevice: number;
  readonly elsewhere: readonly string[];
  readonly copies: number;
}

/** One part per model, each behind its marker; the placement is listed per graph, the nodes by name where a graph is not wholly on one device. */
function readPlacements(said: string): readonly Placed[] {
  return said
    .split(marker)
    .slice(1)
    .map((part) => {
      const [title = '', ...lines] = part.split('\n');
      const all = (pattern: RegExp) => lines.flatMap((line) => pattern.exec(line)?.[1] ?? []);
      const error = lines.find((line) => line.startsWith('refused: ')) ?? '';
      return {
        title,
        error,
        onDevice: total(all(/placed on \[CUDAExecutionProvider\]. Number of nodes: (\d+)/)),
        elsewhere: [...all(/kernel not found in registries for Op type: (.*)/), ...all(/placed on \[(CPU.*)/)],
        copies: total(all(/(\d+) Memcpy nodes are added/)),
      };
    });
}

function total(numbers: readonly string[]): number {
  return numbers.reduce((sum, each) => sum + Number(each), 0);
}

function isWhole({ error, onDevice, elsewhere, copies }: Placed): boolean {
  return error === '' && onDevice > 0 && elsewhere.length === 0 && copies === 0;
}

function pageOf(version: string, placed: readonly Placed[]): string {
  const head = `# Placement on CUDA, without a GPU

ONNX Runtime ${version} with its CUDA provider on libraries that stand in for CUDA's (\`npm run gpu:place\`): which nodes it takes, after its own optimizations. Nothing is computed.

${placed.filter(isWhole).length} of ${placed.length} models lie wholly on the device, with no copy to or from the CPU.

| model | nodes on the device | elsewhere | copies |
|---|---|---|---|
`;
  return head + placed.map(row).join('');
}

function row({ title, error, onDevice, elsewhere, copies }: Placed): string {
  return `| ${title} | ${error === '' ? onDevice : error} | ${elsewhere.join('; ')} | ${copies} |\n`;
}
