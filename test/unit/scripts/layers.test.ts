import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'ty-layers-'));
  symlinkSync(path.resolve('node_modules'), path.join(folder, 'node_modules'));
  write('package.json', '{"type":"module","dependencies":{"chart.js":"*","onnxruntime-node":"*"}}');
  write('webview/panel/main.ts', 'export {};');
  write('src/base/none.ts', 'export {};');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(file: string, text: string): void {
  mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
  writeFileSync(path.join(folder, file), text);
}

function layers(): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.resolve('scripts/layers.mjs')], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

test('imports that go down pass, and every module is counted', () => {
  write('src/base/a.ts', 'export const a = 1;');
  write('src/domain/b.ts', "export { a } from '../base/a.ts';");
  const { status, output } = layers();
  assert.match(output, /4 modules, 1 imports, 0 violations/);
  assert.equal(status, 0);
});

const violations: readonly { readonly rule: string; readonly files: Readonly<Record<string, string>> }[] = [
  {
    rule: 'layer-base',
    files: { 'src/base/a.ts': "export { b } from '../domain/b.ts';", 'src/domain/b.ts': 'export const b = 1;' },
  },
  {
    rule: 'layer-base',
    files: {
      'src/base/a.ts': "import type { B } from '../domain/b.ts'; export type A = B;",
      'src/domain/b.ts': 'export type B = 1;',
    },
  },
  {
    rule: 'no-cycles',
    files: { 'src/base/a.ts': "export * from './b.ts';", 'src/base/b.ts': "export * from './a.ts';" },
  },
  { rule: 'no-node-in-pure-code', files: { 'src/graph/a.ts': "export * from 'node:fs';" } },
  { rule: 'no-node-in-pure-code', files: { 'webview/panel/b.ts': "export * from 'node:path';" } },
  { rule: 'only-owner-imports-onnxruntime', files: { 'src/worker/a.ts': "import 'onnxruntime-node';" } },
  {
    rule: 'only-owner-imports-vscode',
    files: { 'src/worker/a.ts': "import type * as v from 'vscode'; export type A = typeof v;" },
  },
  { rule: 'only-owner-imports-panel-libraries', files: { 'src/extension/a.ts': "import 'chart.js';" } },
  { rule: 'no-packages-at-the-bottom', files: { 'src/base/a.ts': "import 'chart.js';" } },
  { rule: 'no-unresolved', files: { 'src/base/a.ts': "export * from './gone.ts';" } },
  {
    rule: 'product-knows-no-tests',
    files: { 'src/worker/a.ts': "export * from '../../test/t.ts';", 'test/t.ts': 'export const t = 1;' },
  },
];

for (const { rule, files } of violations) {
  test(`${rule}: ${Object.keys(files)[0]} with ${Object.values(files)[0]}`, () => {
    for (const [file, text] of Object.entries(files)) write(file, text);
    const { status, output } = layers();
    assert.match(output, new RegExp(`^${rule}: `, 'm'));
    assert.equal(status, 1);
  });
}

test('a folder without a line in the table is refused', () => {
  write('src/newcomer/a.ts', 'export const a = 1;');
  const { status, output } = layers();
  assert.match(output, /src\/newcomer has no line/);
  assert.equal(status, 1);
});
