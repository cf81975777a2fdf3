import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { AppError, type ErrorCode, toErrorInfo } from '../../../../../src/base/errors.ts';
import { type InstallRequest, planInstall, runInstall } from '../../../../../src/trainer/devices/cuda/install.ts';
import { installedProvider } from '../../../../../src/trainer/devices/cuda/providerFolder.ts';
import { cudaRelease, providerFolder } from '../../../../../src/trainer/devices/cuda/release.ts';
import { temporaryFolder } from '../../support.ts';
import { type FeedManners, packedZip, type StandInFeed, standInFeed } from './standInFeed.ts';

const isLinux = process.platform === 'linux' && process.arch === 'x64';
const skip = isLinux ? false : 'the CUDA provider of onnxruntime-node exists for Linux on x64 alone';
const { version } = isLinux ? cudaRelease() : { version: '' };
/** Stand-ins of the libraries: what they hold is of no matter here. */
const libraries = { cuda: randomBytes(200_000), shared: Buffer.from('stand-in of the shared provider') };
const folderInPackage = 'runtimes/linux-x64/native';
const nupkg = packedZip({
  'Microsoft.ML.OnnxRuntime.Gpu.Linux.nuspec': Buffer.from('<package/>'),
  [`${folderInPackage}/libonnxruntime_providers_cuda.so`]: libraries.cuda,
  [`${folderInPackage}/libonnxruntime_providers_shared.so`]: libraries.shared,
  [`${folderInPackage}/libonnxruntime_providers_tensorrt.so`]: randomBytes(100),
});

interface Place {
  readonly feed: StandInFeed;
  readonly request: InstallRequest;
  readonly stop: AbortController;
}

async function place(test: TestContext, manners: FeedManners = {}, body = nupkg): Promise<Place> {
  const feed = await standInFeed(test, version, body, manners);
  const stop = new AbortController();
  const home = path.join(temporaryFolder(test), 'home');
  return { feed, stop, request: { home, env: { TRAINYARD_NUGET: feed.index }, signal: stop.signal } };
}

async function install(
  request: InstallRequest,
  onProgress: Parameters<typeof runInstall>[2] = () => {},
): Promise<string> {
  return runInstall(await planInstall(request), request, onProgress, 1);
}

async function refused(work: Promise<unknown>, code: ErrorCode, pattern: RegExp): Promise<void> {
  await assert.rejects(work, (error) => {
    const info = toErrorInfo(error);
    assert.equal(info.code, code, info.message);
    assert.match(info.message, pattern);
    assert.ok(info.hint !== undefined || code === 'cancelled', 'a refusal tells the next move');
    return true;
  });
}

/** Nothing is installed and nothing half lies around. */
function assertNothing({ home }: InstallRequest): void {
  assert.equal(installedProvider(home, { version }), undefined);
  const providers = path.join(home, 'providers');
  assert.deepEqual(existsSync(providers) ? readdirSync(providers) : [], []);
}

test('the provider is fetched, checked and put beside copies of the binding, and nothing else stays', {
  skip,
}, async (t) => {
  const { request } = await place(t);
  const plan = await planInstall(request);
  assert.equal(plan.size, nupkg.length);
  assertNothing(request);
  const seen: number[] = [];
  const folder = await runInstall(plan, request, ({ bytes }) => void seen.push(bytes));
  assert.equal(installedProvider(request.home, { version }), folder);
  assert.deepEqual(readFileSync(path.join(folder, 'libonnxruntime_providers_cuda.so')), libraries.cuda);
  assert.deepEqual(readFileSync(path.join(folder, 'libonnxruntime_providers_shared.so')), libraries.shared);
  const binding = path.join(cudaRelease().binaries, 'onnxruntime_binding.node');
  assert.deepEqual(readFileSync(path.join(folder, 'onnxruntime_binding.node')), readFileSync(binding));
  assert.equal(existsSync(path.join(folder, 'libonnxruntime_providers_tensorrt.so')), false);
  assert.ok(seen.includes(nupkg.length), 'the last byte is told');
  assert.deepEqual(readdirSync(request.home), ['providers']);
  assert.equal(statSync(folder).mode & 0o077, 0, 'private to the user');
});

test('a connection that is cut again and again is taken up where it ended, also by a later call', {
  skip,
}, async (t) => {
  const { feed, request } = await place(t, { cuts: [50_000, 60_000] });
  await install(request);
  const asked = feed.asked.filter((line) => line.includes('.nupkg'));
  const starts = asked.map((line) => Number(/bytes=(\d+)-$/.exec(line)?.[1] ?? 0));
  assert.equal(starts.length, 3);
  assert.ok(starts[0] === 0 && starts[1]! > 0 && starts[2]! > starts[1]!, starts.join());

  const other = await place(t, { cuts: [70_000, 0, 0, 0, 0] });
  await refused(install(other.request), 'unreachable', /broke off.*0\.[01] MB are here/);
  assertNothing(other.request);
  await install(other.request);
  assert.match(other.feed.asked.at(-1)!, /bytes=\d+-$/);
});

test('a file that has changed between two attempts is fetched from its beginning', { skip }, async (t) => {
  const { feed, request } = await place(t, { cuts: [50_000, 0, 0, 0, 0], tag: '"old"' });
  await refused(install(request), 'unreachable', /broke off/);
  feed.manners.tag = '"new"';
  await install(request);
  assert.notEqual(installedProvider(request.home, { version }), undefined);
  // A server without ranges gives the whole file again.
  const plain = await place(t, { cuts: [50_000], plain: true });
  await install(plain.request);
  assert.deepEqual(
    plain.feed.asked.filter((line) => line.includes('bytes=')),
    [],
  );
});

test('a wrong checksum, a wrong size, a missing version and a missing file are refused with the next move', {
  skip,
}, async (t) => {
  const wrong = await place(t, { hash: createHash('sha512').update('another').digest('base64') });
  await refused(install(wrong.request), 'bad-file', /another checksum/);
  assertNothing(wrong.request);
  assert.deepEqual(readdirSync(path.join(wrong.request.home, 'downloads')), [], 'the wrong file is removed');

  const long = await place(t, { size: 1000 });
  await refused(install(long.request), 'bad-file', /more than the 1000 bytes/);
  const older = await place(t, { versions: ['1.0.0'] });
  await refused(install(older.request), 'not-found', new RegExp(`no version ${version}`));
  const gone = await place(t, { missing: true });
  await refused(install(gone.request), 'not-found', /404/);
  assertNothing(gone.request);
});

test('a full disk is noticed before anything is fetched, and while it is', { skip }, async (t) => {
  const { request, feed } = await place(t, { size: 1e15 });
  await refused(install(request), 'disk-full', /needs 1000000\.3 GB/);
  assert.deepEqual(
    feed.asked.filter((line) => line.includes('.nupkg')),
    [],
  );

  const other = await place(t);
  const plan = await planInstall(other.request);
  const downloads = path.join(other.request.home, 'downloads');
  mkdirSync(downloads, { recursive: true });
  symlinkSync('/dev/full', path.join(downloads, `microsoft.ml.onnxruntime.gpu.linux.${version}.nupkg.part`));
  await refused(
    runInstall(plan, other.request, () => {}, 1),
    'disk-full',
    /No room left/,
  );
  assertNothing(other.request);
});

test('a stopped download is kept for the next time, and a provider that was there stays until then', {
  skip,
}, async (t) => {
  const { request, stop, feed } = await place(t, { cuts: [90_000] });
  const plan = await planInstall(request);
  await refused(
    runInstall(plan, request, () => stop.abort(), 1),
    'cancelled',
    /kept for the next time/,
  );
  assertNothing(request);
  const again = { ...request, signal: new AbortController().signal };
  const first = await install(again);
  assert.match(feed.asked.at(-1)!, /bytes=\d+-$/);

  feed.manners.hash = 'AAAA';
  await refused(install(again), 'bad-file', /another checksum/);
  assert.equal(installedProvider(request.home, { version }), first);
  // One library less is no provider.
  writeFileSync(path.join(first, 'libonnxruntime_providers_cuda.so'), 'cut');
  assert.equal(installedProvider(request.home, { version }), undefined);
});

test('a package that is here, a wheel and a folder do as well; damaged ones are refused', { skip }, async (t) => {
  const { request } = await place(t);
  const folder = temporaryFolder(t);
  const from = async (name: string, bytes: Buffer) => {
    writeFileSync(path.join(folder, name), bytes);
    return install({ ...request, env: {}, from: path.join(folder, name) });
  };
  assert.equal(await from('package.nupkg', nupkg), providerFolder(request.home, version));
  const wheel = packedZip({
    'onnxruntime/capi/libonnxruntime_providers_cuda.so': Buffer.from('of the wheel'),
    'onnxruntime/capi/libonnxruntime_providers_shared.so': libraries.shared,
  });
  const installed = await from('onnxruntime_gpu.whl', wheel);
  assert.equal(readFileSync(path.join(installed, 'libonnxruntime_providers_cuda.so'), 'utf8'), 'of the wheel');
  assert.equal(await install({ ...request, env: {}, from: installed }), installed, 'from a folder, even its own');

  // What says that it is of another version is refused; what does not say is taken.
  await refused(from('microsoft.ml.onnxruntime.gpu.linux.1.2.3.nupkg', nupkg), 'bad-file', /Runtime 1\.2\.3, and/);
  const otherWheel = packedZip({ 'onnxruntime_gpu-1.2.3.dist-info/METADATA': Buffer.from('Name: onnxruntime-gpu') });
  await refused(from('other.whl', otherWheel), 'bad-file', /Runtime 1\.2\.3, and/);

  const damaged = Buffer.from(nupkg);
  damaged.fill(0, 1000, 1400);
  await refused(from('damaged.nupkg', damaged), 'bad-file', /is damaged/);
  await refused(from('cut.nupkg', nupkg.subarray(0, 5000)), 'bad-file', /without its directory/);
  await refused(from('other.nupkg', packedZip({ 'readme.txt': Buffer.from('no') })), 'bad-file', /does not contain/);
  await refused(install({ ...request, from: path.join(folder, 'none') }), 'not-found', /cannot be read/);
  await refused(install({ ...request, from: folder }), 'not-found', /There is no libonnxruntime_providers_cuda/);
  assert.equal(installedProvider(request.home, { version }), installed, 'what was there is there');
});

test('a feed that does not answer, or answers with a page, is told with the way around', { skip }, async (t) => {
  const { request } = await place(t);
  await refused(
    planInstall({ ...request, env: { TRAINYARD_NUGET: 'http://127.0.0.1:9/index.json' } }),
    'unreachable',
    /cannot be reached/,
  );
  const page = createServer((_request, answer) => void answer.end('<html>Log in to this network</html>'));
  await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
  t.after(() => page.close());
  const address = `http://127.0.0.1:${(page.address() as AddressInfo).port}/index.json`;
  await refused(
    planInstall({ ...request, env: { TRAINYARD_NUGET: address } }),
    'unreachable',
    /something else than JSON/,
  );
});

test('the proxy of the environment is used, with its name and password', { skip }, async (t) => {
  const { request, feed } = await place(t);
  const logins: (string | undefined)[] = [];
  const proxy = createServer((asked, answer) => {
    logins.push(asked.headers['proxy-authorization']);
    const target = new URL(asked.url!);
    const onward = connect(Number(target.port), target.hostname, () => {
      onward.write(`GET ${target.pathname} HTTP/1.1\r\nhost: ${target.host}\r\nconnection: close\r\n\r\n`);
      onward.pipe(answer.socket!);
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  const through = `http://me:secret@127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  await install({ ...request, env: { TRAINYARD_NUGET: feed.index, http_proxy: through } });
  assert.equal(logins.length, 5, 'four documents and the file');
  assert.equal(logins[0], `Basic ${Buffer.from('me:secret').toString('base64')}`);
  const excepted = { TRAINYARD_NUGET: feed.index, http_proxy: through, no_proxy: '127.0.0.1' };
  await planInstall({ ...request, env: excepted });
  assert.equal(logins.length, 5);
});

test('on other systems there is a sentence and no installation', () => {
  assert.throws(
    () => cudaRelease('darwin', 'arm64'),
    (error) => error instanceof AppError && error.code === 'device-unavailable',
  );
});
