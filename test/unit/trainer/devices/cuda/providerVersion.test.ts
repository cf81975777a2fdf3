import assert from 'node:assert/strict';
import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { toErrorInfo } from '../../../../../src/base/errors.ts';
import { planInstall, runInstall } from '../../../../../src/trainer/devices/cuda/install.ts';
import { providerVariable } from '../../../../../src/trainer/devices/cuda/providerFolder.ts';
import { otherReleaseIn } from '../../../../../src/trainer/devices/cuda/providerVersion.ts';
import { cudaRelease, providerFolder } from '../../../../../src/trainer/devices/cuda/release.ts';
import { cudaStatus, describeStatus } from '../../../../../src/trainer/devices/cuda/status.ts';
import { probeDevice } from '../../../../../src/trainer/devices/probe.ts';
import { temporaryFolder } from '../../support.ts';
import { standInLibrary } from './standInLibrary.ts';

const skip =
  process.platform === 'linux' && process.arch === 'x64' ? false : 'the CUDA provider exists for Linux on x64 alone';
const library = 'libonnxruntime_providers_cuda.so';

/** A folder with a provider whose constants hold these texts. */
function providerWith(folder: string, constants: readonly string[]): string {
  writeFileSync(path.join(folder, library), standInLibrary(['libcudart.so.13'], constants));
  writeFileSync(path.join(folder, 'libonnxruntime_providers_shared.so'), 'a stand-in');
  return folder;
}

test('a provider of another release is told by its constants, beside the real library of this one', { skip }, (t) => {
  const { binaries, version } = cudaRelease();
  const folder = temporaryFolder(t);
  copyFileSync(path.join(binaries, 'libonnxruntime.so.1'), path.join(folder, 'libonnxruntime.so.1'));
  const found = (...constants: readonly string[]) => otherReleaseIn(providerWith(folder, constants));
  assert.deepEqual(found('Alloc', '1.29.0', 'vector::reserve'), { provider: '1.29.0', runtime: version });
  assert.equal(found('Alloc', version), undefined);
  // What does not tell is taken: no text, parts of longer ones, short versions of other libraries.
  assert.equal(found(), undefined);
  assert.equal(found('CUDA 11.29.0', 'v1.29.0', '1.29.0-rc', 'CXXABI_1.3.9', '1.3.9'), undefined);
  // The file is read in pieces of four million bytes.
  assert.equal(found('x'.repeat(3_999_996), '1.28.1', 'y'.repeat(100))?.provider, '1.28.1');
  writeFileSync(path.join(folder, library), 'no library');
  assert.equal(otherReleaseIn(folder), undefined);
});

test('such a provider is not installed, and one that is there already is neither used nor called whole', {
  skip,
}, async (t) => {
  const { version } = cudaRelease();
  const source = temporaryFolder(t);
  const home = path.join(source, 'home');
  const request = { home, from: source, env: {}, signal: new AbortController().signal };
  const install = async () => runInstall(await planInstall(request), request, () => {});
  providerWith(source, ['1.29.0']);
  await assert.rejects(install, (error) => {
    const { code, message, hint } = toErrorInfo(error);
    assert.equal(code, 'bad-file');
    assert.match(message, new RegExp(`provider of ONNX Runtime 1\\.29\\.0, and ${version} is installed`));
    assert.match(hint ?? '', new RegExp(`of version ${version}`));
    return true;
  });
  assert.equal(existsSync(providerFolder(home, version)), false);

  providerWith(source, [version]);
  const folder = await install();
  assert.equal(cudaStatus(home).version, version);
  // As an older Trainyard installed it: the file's size is the manifest's.
  providerWith(folder, version === '1.29.0' ? ['1.28.0'] : ['1.29.0']);
  assert.match(
    describeStatus(cudaStatus(home)).join('\n'),
    /is of ONNX Runtime 1\.2\d\.0, and .*trainyard install-cuda/,
  );
  process.env[providerVariable] = folder;
  t.after(() => {
    delete process.env[providerVariable];
  });
  const { usable, reason } = await probeDevice('cuda', [process.execPath, '-e', 'throw new Error("was started")']);
  assert.equal(usable, false);
  assert.match(reason, /is of ONNX Runtime 1\.2\d\.0, and .* is installed/);
});
