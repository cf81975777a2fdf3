// What a GPU does with the engine: driver, provider, proof by training steps, placement and step times of the bench's networks. Writes test/bench/results/gpu.{json,md}.
// `npm run test:gpu -- [--provider FILE.nupkg|FILE.whl|FOLDER]`. Exit code 0: everything ran; 1: something failed; 2: there is no GPU.
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { userWorkerPaths } from '../../src/client/index.ts';
import type { DeviceProbe } from '../../src/domain/device.ts';
import { cudaStatus, describeStatus } from '../../src/trainer/devices/cuda/status.ts';
import { findProvider, useInstalledProvider } from '../../src/trainer/devices/cuda/useProvider.ts';
import type { NetworkOnGpu } from './networks.ts';

const cli = path.join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');
const results = path.join(import.meta.dirname, '..', 'bench', 'results');

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { provider: { type: 'string' } } });
  const gpu = run('nvidia-smi', ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader']);
  if (gpu === undefined) {
    console.log('There is no NVIDIA GPU here that nvidia-smi sees, so nothing was tested.');
    return 2;
  }
  const { home } = userWorkerPaths();
  if (findProvider(home) === undefined && !install(values.provider)) return 1;
  // Starts this program again where the loader must search more folders; ONNX Runtime comes only behind it.
  useInstalledProvider(home);
  for (const line of describeStatus(cudaStatus(home))) console.log(line);
  const probe = JSON.parse(
    spawnSync(process.execPath, ['--no-warnings', cli, 'probe-device', 'cuda', '--json'], { encoding: 'utf8' }).stdout,
  ) as DeviceProbe;
  console.log(JSON.stringify(probe));
  if (!probe.usable) {
    write({ gpu, probe, torch: torchFacts(), networks: [] });
    return 1;
  }
  const { networksOnGpu } = await import('./networks.ts');
  const networks: NetworkOnGpu[] = [];
  for await (const network of networksOnGpu()) {
    networks.push(network);
    console.log(row(network));
    // A later network may end the process, and what was measured is to be kept.
    write({ gpu, probe, torch: torchFacts(), networks });
  }
  return networks.some(({ error }) => error !== undefined) ? 1 : 0;
}

function install(provider: string | undefined): boolean {
  const from = provider === undefined ? [] : ['--from', provider];
  const { status } = spawnSync(process.execPath, ['--no-warnings', cli, 'install-cuda', '--yes', ...from], {
    stdio: 'inherit',
  });
  return status === 0;
}

/** "2.11.0+cu130, 13.0", or why there is none. */
function torchFacts(): string {
  const code = 'import torch; print(torch.__version__, torch.version.cuda, torch.cuda.is_available())';
  return run('python3', ['-c', code]) ?? 'no PyTorch';
}

function run(program: string, args: readonly string[]): string | undefined {
  try {
    return execFileSync(program, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 60_000,
    }).trim();
  } catch {
    return undefined;
  }
}

interface GpuReport {
  readonly gpu: string;
  readonly probe: DeviceProbe;
  readonly torch: string;
  readonly networks: readonly NetworkOnGpu[];
}

function write(report: GpuReport): void {
  writeFileSync(path.join(results, 'gpu.json'), `${JSON.stringify(report, null, 2)}\n`);
  const head =
    '| network | ms a step | ms of a call beyond its steps | on the CPU | loss against the CPU |\n|---|---|---|---|---|';
  const page = `# The engine on a GPU\n\n${report.gpu}; PyTorch there: ${report.torch}.\n\n${head}\n${report.networks.map(row).join('\n')}\n`;
  writeFileSync(path.join(results, 'gpu.md'), page);
}

function row({ title, stepMs, callMs, placement, lossDifference, error }: NetworkOnGpu): string {
  if (error !== undefined) return `| ${title} | ${error} | | | |`;
  return `| ${title} | ${stepMs.toFixed(2)} | ${callMs.toFixed(2)} | ${placement} | ${lossDifference.toExponential(1)} |`;
}
