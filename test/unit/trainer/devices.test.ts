import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError } from '../../../src/base/errors.ts';
import type { DeviceName } from '../../../src/domain/device.ts';
import { chooseDevice } from '../../../src/trainer/devices/choose.ts';
import { type DeviceTrial, probeDevice, probeDevices } from '../../../src/trainer/devices/probe.ts';
import { explainRefusal, platformRefusal } from '../../../src/trainer/devices/refusals.ts';

/** What ONNX Runtime 1.30 wrote to stderr on Linux for each cause; seen when the notes on onnxruntime-node were made. */
const said: readonly (readonly [DeviceName, string, RegExp])[] = [
  [
    'cuda',
    'Failed to load library /x/libonnxruntime_providers_shared.so with error: /x/libonnxruntime_providers_shared.so: cannot open shared object file: No such file or directory\nOrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library',
    /^The CUDA provider of ONNX Runtime is not installed/,
  ],
  [
    'cuda',
    'Failed to load library /x/libonnxruntime_providers_cuda.so with error: libcublasLt.so.12: cannot open shared object file: No such file or directory\nOrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library',
    /^The CUDA 12 libraries are not installed \(libcublasLt\.so\.12 is missing\)/,
  ],
  [
    'cuda',
    'Failed to load library /x/libonnxruntime_providers_cuda.so with error: libcudnn.so.9: cannot open shared object file: No such file or directory',
    /^cuDNN 9 is not installed \(libcudnn\.so\.9 is missing\)/,
  ],
  ['cuda', 'with error: libcuda.so.1: cannot open shared object file', /^The NVIDIA driver is not installed/],
  ['cuda', 'CUDA failure 100: no CUDA-capable device is detected ; GPU=0', /^There is no NVIDIA GPU/],
  [
    'cuda',
    'CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version',
    /^The NVIDIA driver is too old/,
  ],
  ['webgpu', 'Failed to get a WebGPU adapter: No supported adapters', /^No graphics adapter that WebGPU can use/],
  ['dml', 'no available backend found. ERR: [dml] backend not found.', /built without this device/],
  ['webgpu', '\u001b[31mfirst line\u001b[m\nSomething new broke.\n', /^webgpu failed: Something new broke\.$/],
  ['cuda', '', /^cuda failed without saying why\.$/],
];

test('what ONNX Runtime says becomes a plain sentence', () => {
  for (const [device, text, expected] of said) assert.match(explainRefusal(device, text), expected);
});

test('devices of other systems are refused without a trial', () => {
  assert.match(platformRefusal('dml', 'linux')!, /only on Windows/);
  assert.match(platformRefusal('coreml', 'win32')!, /only on macOS/);
  assert.match(platformRefusal('cuda', 'darwin')!, /only on Linux and Windows/);
  assert.equal(platformRefusal('cuda', 'linux'), undefined);
  assert.equal(platformRefusal('cpu', 'darwin'), undefined);
});

test('every device of this machine is tried for real; the CPU works, and each refusal has a reason', async () => {
  const probes = await probeDevices();
  assert.deepEqual(
    probes.map(({ device }) => device),
    ['cuda', 'webgpu', 'dml', 'coreml', 'cpu'],
  );
  assert.equal(probes.at(-1)!.usable, true, probes.at(-1)!.reason);
  for (const { usable, reason } of probes) assert.equal(reason === '', usable);
});

test('a trial that crashes, says nothing or is missing is a refusal and not an exception', async () => {
  const node = process.execPath;
  const crash = await probeDevice('cuda', [
    node,
    '-e',
    'console.error("terminate called"); process.kill(process.pid, "SIGABRT")',
  ]);
  assert.deepEqual(
    [crash.usable, crash.reason],
    [false, 'Trying cuda crashed the process (SIGABRT). cuda failed: terminate called'],
  );
  const silent = await probeDevice('cuda', [node, '-e', '']);
  assert.equal(silent.reason, 'cuda failed without saying why.');
  const absent = await probeDevice('cuda', ['/nonexistent/program']);
  assert.equal(absent.usable, false);
  const wrong = JSON.stringify({ ok: false, message: 'It computes wrong numbers: …' });
  const bad = await probeDevice('cuda', [node, '-e', `console.log(${JSON.stringify(wrong)})`]);
  assert.match(bad.reason, /wrong numbers/);
});

test('auto takes the first device that works and is no slower than the CPU, and says why not the others', async () => {
  const works = (device: DeviceName, slowness = ''): DeviceTrial => ({
    device,
    usable: true,
    detail: 'GPU',
    reason: '',
    slowness,
  });
  const refuses = (device: DeviceName): DeviceTrial => ({
    device,
    usable: false,
    detail: '',
    reason: 'absent',
    slowness: '',
  });
  const table: { readonly [D in DeviceName]?: DeviceTrial } = {
    webgpu: works('webgpu', 'It is slow.'),
    coreml: works('coreml'),
  };
  const chosen = await chooseDevice('auto', async (device) => table[device] ?? refuses(device));
  assert.equal(chosen.device, 'coreml');
  assert.deepEqual(
    chosen.refused.map(({ device, reason }) => [device, reason]),
    [
      ['cuda', 'absent'],
      ['webgpu', 'It is slow.'],
      ['dml', 'absent'],
    ],
  );
  const fallback = await chooseDevice('auto', async (device) => refuses(device));
  assert.deepEqual([fallback.device, fallback.refused.length], ['cpu', 4]);
  // Asked for by name, a slow device is what was asked for, with a warning.
  const named = await chooseDevice('webgpu', async () => works('webgpu', 'It is slow.'));
  assert.deepEqual([named.device, named.warning], ['webgpu', 'It is slow.']);
});

test('a named device that does not work is an error with the reason, never another device', async () => {
  const device = process.platform === 'win32' ? 'coreml' : 'dml';
  await assert.rejects(chooseDevice(device), (error) => {
    assert.ok(error instanceof AppError);
    assert.equal(error.code, 'device-unavailable');
    assert.match(error.message, /cannot be used\. .* exists only on/);
    return true;
  });
});
