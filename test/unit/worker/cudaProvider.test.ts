import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { toErrorInfo } from '../../../src/base/errors.ts';
import { installedProvider } from '../../../src/trainer/devices/cuda/providerFolder.ts';
import { cudaRelease } from '../../../src/trainer/devices/cuda/release.ts';
import { type CudaLine, runInstallCuda } from '../../../src/worker/cudaProvider.ts';
import { findInstallation, type Installation } from '../../../src/worker/installation.ts';
import { type FeedManners, packedZip, standInFeed } from '../trainer/devices/cuda/standInFeed.ts';
import { temporaryFolder } from '../trainer/support.ts';

const skip =
  process.platform === 'linux' && process.arch === 'x64' ? false : 'the CUDA provider exists for Linux on x64 alone';
const { version } = skip === false ? cudaRelease() : { version: '' };
const nupkg = packedZip({
  'runtimes/linux-x64/native/libonnxruntime_providers_cuda.so': randomBytes(3_000_000),
  'runtimes/linux-x64/native/libonnxruntime_providers_shared.so': Buffer.from('stand-in'),
});

async function setUp(
  t: Parameters<typeof temporaryFolder>[0],
  manners: FeedManners = {},
): Promise<{ home: string; installation: Installation }> {
  const home = path.join(temporaryFolder(t), 'home');
  const feed = await standInFeed(t, version, nupkg, manners);
  const installation = findInstallation(home);
  return {
    home,
    installation: { ...installation, env: { ...installation.env, TRAINYARD_HOME: home, TRAINYARD_NUGET: feed.index } },
  };
}

test('the worker has the provider installed by a process of its own and hears how far it is', { skip }, async (t) => {
  const { home, installation } = await setUp(t);
  const lines: CudaLine[] = [];
  const { signal } = new AbortController();
  await runInstallCuda(installation, ['--plan'], { signal, onLine: (line) => lines.push(line) });
  assert.match((lines[0] as { text: string }).text, /^Fetches 3 MB from http:\/\/127/);
  assert.equal(existsSync(path.join(home, 'providers')), false);

  await runInstallCuda(installation, ['--yes'], { signal, onLine: (line) => lines.push(line) });
  const kinds = [...new Set(lines.map(({ event }) => event))];
  assert.deepEqual(kinds, ['plan', 'progress', 'done', 'status']);
  assert.notEqual(installedProvider(home, { version }), undefined);
});

test('a failure arrives with its code and hint, and a person who cancels ends the process', { skip }, async (t) => {
  const wrong = await setUp(t, { hash: 'AAAA' });
  const { signal } = new AbortController();
  await assert.rejects(runInstallCuda(wrong.installation, ['--yes'], { signal, onLine: () => {} }), (error) => {
    const { code, hint } = toErrorInfo(error);
    return code === 'bad-file' && hint !== undefined;
  });
  // The connection is cut and cut again, until the person has had enough.
  const slow = await setUp(t, { cuts: [1_000_000, ...Array.from({ length: 100 }, () => 1000)] });
  const stop = new AbortController();
  const running = runInstallCuda(slow.installation, ['--yes'], {
    signal: stop.signal,
    onLine: ({ event }) => {
      if (event === 'progress') stop.abort();
    },
  });
  await assert.rejects(running, (error) => toErrorInfo(error).code === 'cancelled');
  assert.equal(installedProvider(slow.home, { version }), undefined);
});
