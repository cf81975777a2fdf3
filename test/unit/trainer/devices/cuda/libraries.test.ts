import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { DeviceProbe } from '../../../../../src/domain/device.ts';
import { neededLibraries } from '../../../../../src/trainer/devices/cuda/elf.ts';
import { planInstall, runInstall } from '../../../../../src/trainer/devices/cuda/install.ts';
import { cudaLibraries, describeMissing, searchFolders } from '../../../../../src/trainer/devices/cuda/libraries.ts';
import { cudaRelease } from '../../../../../src/trainer/devices/cuda/release.ts';
import { temporaryFolder } from '../../support.ts';
import { standInLibrary } from './standInLibrary.ts';

const skip =
  process.platform === 'linux' && process.arch === 'x64' ? false : 'the CUDA provider exists for Linux on x64 alone';

const cuda12 = [
  'libcublasLt.so.12',
  'libcublas.so.12',
  'libcurand.so.10',
  'libcudart.so.12',
  'libcuda.so.1',
  'libc.so.6',
];

/** A home with a provider that asks for CUDA 12. */
async function installStandIn(t: TestContext): Promise<{ home: string; folder: string }> {
  const source = temporaryFolder(t);
  writeFileSync(path.join(source, 'libonnxruntime_providers_cuda.so'), standInLibrary(cuda12));
  writeFileSync(path.join(source, 'libonnxruntime_providers_shared.so'), 'a stand-in that cannot be loaded');
  const request = { home: path.join(source, 'home'), from: source, env: {}, signal: new AbortController().signal };
  return { home: request.home, folder: await runInstall(await planInstall(request), request, () => {}) };
}

/** Empty files in the place of libraries. */
function putLibraries(folder: string, names: readonly string[]): string {
  mkdirSync(folder, { recursive: true });
  for (const name of names) writeFileSync(path.join(folder, name), '');
  return folder;
}

function run(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ pid: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, ['--no-warnings', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk) => {
      text[name] += chunk;
    });
  }
  return new Promise((resolve) => child.on('close', () => resolve({ pid: child.pid!, ...text })));
}

test('what a library asks for is read from its own list', { skip }, () => {
  const { binaries } = cudaRelease();
  const binding = neededLibraries(path.join(binaries, 'onnxruntime_binding.node'));
  assert.ok(binding.includes('libonnxruntime.so.1') && binding.includes('libc.so.6'), binding.join());
  assert.deepEqual(neededLibraries(import.meta.filename), []);
});

test('libraries of CUDA are found where pip, conda and people put them, and what is missing is told with its command', {
  skip,
}, async (t) => {
  const { folder } = await installStandIn(t);
  const machine = temporaryFolder(t);
  const nothing = cudaLibraries(folder, {});
  assert.equal(nothing.cuda, 12);
  const wanted = [...cuda12.slice(0, 5), 'libcudnn.so.9', 'libcufft.so.11', 'libnvrtc.so.12'];
  assert.deepEqual([...nothing.found.keys(), ...nothing.missing].sort(), [...wanted].sort());

  const nvidia = path.join(machine, 'venv', 'lib', 'python3.12', 'site-packages', 'nvidia');
  putLibraries(path.join(nvidia, 'cublas', 'lib'), ['libcublasLt.so.12', 'libcublas.so.12']);
  putLibraries(path.join(nvidia, 'cudnn', 'lib'), ['libcudnn.so.9']);
  const own = putLibraries(path.join(machine, 'own'), ['libcudart.so.12', 'libcuda.so.1']);
  const conda = putLibraries(path.join(machine, 'conda', 'lib'), ['libcufft.so.11', 'libnvrtc.so.12']);
  const env = {
    VIRTUAL_ENV: path.join(machine, 'venv'),
    CONDA_PREFIX: path.dirname(conda),
    TRAINYARD_CUDA_LIBRARIES: own,
  };
  const some = cudaLibraries(folder, env);
  if (nothing.missing.includes('libcurand.so.10')) assert.deepEqual(some.missing, ['libcurand.so.10']);
  assert.equal(some.found.get('libcudnn.so.9'), path.join(nvidia, 'cudnn', 'lib', 'libcudnn.so.9'));

  const folders = searchFolders(folder, some);
  for (const place of [path.join(nvidia, 'cublas', 'lib'), path.join(nvidia, 'cudnn', 'lib'), own, conda])
    assert.ok(folders.includes(place));
  assert.equal(
    readlinkSync(path.join(folders[0]!, 'libcudnn.so')),
    some.found.get('libcudnn.so.9'),
    'the name that pip leaves out',
  );

  const advice = describeMissing({ cuda: 12, found: new Map(), missing: wanted }).join('\n');
  assert.match(advice, /NVIDIA driver is missing \(libcuda\.so\.1\)/);
  assert.match(advice, /CUDA 12 runtime is missing/);
  assert.match(advice, /pip install nvidia-cuda-runtime-cu12 .*nvidia-cudnn-cu12/);
  assert.match(advice, /conda install.*apt install.*module load cuda\/12/);
  assert.match(
    describeMissing({ cuda: 13, found: new Map(), missing: ['libcudart.so.13'] }).join('\n'),
    /nvidia-cuda-runtime==13/,
  );
  assert.deepEqual(describeMissing({ cuda: 12, found: new Map(), missing: [] }), []);
});

test('a program that uses the provider runs with its libraries in the search path, as the same process', {
  skip,
}, async (t) => {
  const { home, folder } = await installStandIn(t);
  const own = putLibraries(path.join(home, 'own'), ['libcudart.so.12']);
  const main = path.join(import.meta.dirname, 'providerMain.ts');
  const { TRAINYARD_ONNXRUNTIME: _none, ...env } = process.env;
  const started = await run([main, home, 'an argument'], {
    ...env,
    TRAINYARD_CUDA_LIBRARIES: own,
    LD_LIBRARY_PATH: '/kept',
  });
  const seen = JSON.parse(started.stdout) as { pid: number; libraries: string; provider: string; rest: string[] };
  assert.equal(seen.provider, folder);
  assert.equal(seen.pid, started.pid);
  assert.deepEqual(seen.rest, ['an argument']);
  if (process.execve !== undefined)
    assert.deepEqual(
      seen.libraries.split(':').filter((each) => each === own || each === '/kept'),
      ['/kept', own],
    );

  const without = await run([main, path.join(home, 'none')], env);
  assert.equal((JSON.parse(without.stdout) as { provider?: string }).provider, undefined);
});

test('the trainer loads ONNX Runtime from the provider’s folder, and trains on the CPU with it as before', {
  skip,
}, async (t) => {
  const { home } = await installStandIn(t);
  const { TRAINYARD_ONNXRUNTIME: _none, ...env } = process.env;
  const main = path.join(import.meta.dirname, '..', '..', 'trainMain.ts');
  const probe = async (device: string) =>
    JSON.parse((await run([main, 'probe', device, '--json'], { ...env, TRAINYARD_HOME: home })).stdout) as DeviceProbe;
  // The stand-in is found, and it is no library: without the redirection it would be missing.
  const cuda = await probe('cuda');
  assert.deepEqual([cuda.usable, /is damaged\. Install it again/.test(cuda.reason)], [false, true], cuda.reason);
  assert.equal((await probe('cpu')).usable, true);
  assert.ok(existsSync(home));
});
