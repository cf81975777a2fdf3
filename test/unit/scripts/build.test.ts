import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { bundles } from '../../../scripts/build/bundles.mjs';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'ty-build-'));
  symlinkSync(path.resolve('node_modules'), path.join(folder, 'node_modules'));
  write('package.json', '{"type":"module","version":"1.2.3"}');
  write(
    'src/extension/extension.ts',
    "import * as vscode from 'vscode'; export const activate = () => vscode.version;",
  );
  write(
    'src/worker/main.ts',
    "import { DatabaseSync } from 'node:sqlite'; console.log(new DatabaseSync(':memory:').isOpen);",
  );
  write('src/launch/local/shimMain.ts', 'console.log(import.meta.dirname);');
  write('src/cli/main.ts', "console.log(process.argv[2]); void import('../trainer/train.ts');");
  write('src/trainer/train.ts', "import * as ort from 'onnxruntime-node'; console.log(ort);");
  write('webview/metrics/main.ts', "document.body.textContent = 'metrics';");
  // Bundles that no test here looks at need only be there.
  for (const { platform, candidates } of bundles()) {
    const [source] = candidates;
    const isThere = candidates.some((file) => existsSync(path.join(folder, file)));
    if (platform === 'node' && source !== undefined && !isThere) write(source, 'console.log(process.argv[2]);');
  }
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(file: string, text: string): void {
  mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
  writeFileSync(path.join(folder, file), text);
}

function node(...args: string[]): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

const build = (...args: string[]) => node(path.resolve('scripts/build.mjs'), ...args);

test('every bundle is built, and the ones for Node run', () => {
  const { status, output } = build();
  assert.equal(status, 0, output);
  assert.equal(node('--no-warnings', 'dist/worker.cjs').output.trim(), 'true');
  assert.equal(node('dist/shim.cjs').output.trim(), path.join(folder, 'dist'));
  assert.match(readFileSync(path.join(folder, 'dist/trainyard.cjs'), 'utf8'), /^#!\/usr\/bin\/env node\n/);
  accessSync(path.join(folder, 'dist/trainyard.cjs'), constants.X_OK);
  assert.ok(existsSync(path.join(folder, 'dist/webview/metrics.js')));
});

test('a production build is smaller and has no source maps', () => {
  build();
  const development = readFileSync(path.join(folder, 'dist/shim.cjs')).length;
  assert.equal(build('--production').status, 0);
  assert.ok(readFileSync(path.join(folder, 'dist/shim.cjs')).length < development);
  assert.equal(existsSync(path.join(folder, 'dist/shim.cjs.map')), false);
});

test('the extension loads what it imports later from files of their own, with one vscode and one copy of what the parts share', () => {
  write('src/extension/shared.ts', 'export class Shared {}');
  write(
    'src/extension/later.ts',
    "import * as vscode from 'vscode'; import { Shared } from './shared.ts'; export const later = (given: unknown) => [vscode.version, given instanceof Shared];",
  );
  write(
    'src/extension/extension.ts',
    [
      "import * as vscode from 'vscode';",
      "import { Shared } from './shared.ts';",
      "export const activate = async () => [vscode.version, ...(await import('./later.ts')).later(new Shared())];",
    ].join('\n'),
  );
  write('modules/vscode/package.json', '{}');
  write('modules/vscode/index.js', "console.log('asked for vscode'); exports.version = '1.0';");
  write('start.cjs', "require('./dist/extension.cjs').activate().then((all) => console.log(all.join(' ')));");
  for (const options of [[], ['--production']]) {
    const built = build(...options, 'extension');
    assert.equal(built.status, 0, built.output);
    const chunks = readdirSync(path.join(folder, 'dist/extension')).filter((name) => name.endsWith('.cjs'));
    assert.ok(
      chunks.some((name) => name.startsWith('later-')),
      chunks.join(', '),
    );
    const ran = spawnSync(process.execPath, ['start.cjs'], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, NODE_PATH: path.join(folder, 'modules') },
    });
    assert.equal(ran.stdout.trim(), 'asked for vscode\n1.0 1.0 true', ran.stderr);
  }
});

const promises: readonly {
  readonly bundle: string;
  readonly file: string;
  readonly text: string;
  readonly says: RegExp;
}[] = [
  {
    bundle: 'extension',
    file: 'src/extension/extension.ts',
    text: "import '../trainer/train.ts';",
    says: /extension\.cjs contains src\/trainer\/train\.ts, which it must not/,
  },
  {
    bundle: 'worker',
    file: 'src/worker/main.ts',
    text: "import 'onnxruntime-node';",
    says: /worker\.cjs: src\/worker\/main\.ts asks for onnxruntime-node/,
  },
  {
    bundle: 'extension',
    file: 'src/extension/extension.ts',
    text: "import { Chart } from 'chart.js'; console.log(Chart);",
    says: /extension\.cjs contains .*node_modules\/chart\.js\//,
  },
  {
    bundle: 'extension',
    file: 'src/extension/extension.ts',
    text: "export const later = async () => (await import('vscode-jsonrpc')).createMessageConnection;",
    says: /extension\.ts loads vscode-jsonrpc later, which is CommonJS/,
  },
];

for (const { bundle, file, text, says } of promises) {
  test(`the ${bundle} bundle refuses ${text}`, () => {
    write(file, text);
    const { status, output } = build(bundle);
    assert.match(output, says);
    assert.equal(status, 1);
  });
}

test('a bundle without a source fails with the names that were looked for', () => {
  rmSync(path.join(folder, 'src/worker'), { recursive: true });
  const { status, output } = build();
  assert.match(output, /Bundle worker has no source: none of src\/worker\/main\.ts/);
  assert.equal(status, 1);
});
