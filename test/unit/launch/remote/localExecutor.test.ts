import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { identifyProcess } from '../../../../src/launch/local/processIdentity.ts';
import { LocalExecutor } from '../../../../src/launch/remote/localExecutor.ts';

const executor = new LocalExecutor();
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'executor-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const node = (script: string, ...args: string[]) => [process.execPath, '-e', script, '--', ...args];

test('a program gets its arguments, input, folder and variables, and its output and code come back', async () => {
  const script =
    "process.stdin.on('data', d => process.stdout.write(d)).on('end', () => { console.error(process.cwd(), process.env.WORD, process.argv[1]); process.exit(3) })";
  const done = await executor.run(node(script, "it's $(id)\n`x`"), {
    cwd: folder,
    env: { WORD: 'größer' },
    input: 'through\n',
  });
  assert.deepEqual(done, { code: 3, stdout: 'through\n', stderr: `${folder} größer it's $(id)\n\`x\`\n` });
});

test('a signal and a missing program have the codes that shells give them', async () => {
  assert.equal((await executor.run(node("process.kill(process.pid, 'SIGTERM')"))).code, 128 + 15);
  const missing = await executor.run(['/no/such/program']);
  assert.equal(missing.code, 127);
  assert.match(missing.stderr, /could not be started.*ENOENT/);
});

test('a program that takes too long is ended with everything that it started', async () => {
  const script = `require('fs').writeFileSync('child', String(require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' }).pid)); setInterval(() => {}, 1000)`;
  const late = executor.run(node(script), { cwd: folder, timeoutMs: 1_500 });
  await assert.rejects(late, { code: 'timeout' });
  const child = Number(readFileSync(path.join(folder, 'child'), 'utf8'));
  while (identifyProcess(child) !== undefined) await delay(20);
});

test('a caller that gives up ends the program', async () => {
  const controller = new AbortController();
  const running = executor.run(node('setInterval(() => {}, 1000)'), { signal: controller.signal });
  controller.abort();
  await assert.rejects(running, { code: 'cancelled' });
  await assert.rejects(executor.run(node(''), { signal: controller.signal }), { code: 'cancelled' });
});

test('files are written whole and private, and read in pieces', async () => {
  const file = path.join(folder, 'deep', 'file.bin');
  await executor.writeFile(file, 'old');
  await executor.writeFile(file, new Uint8Array([1, 2, 3, 4, 5]));
  assert.equal(statSync(file).mode & 0o077, 0);
  const piece = await executor.readFile(file, 3, 10);
  assert.deepEqual([[...piece!.bytes], piece!.size], [[4, 5], 5]);
  assert.deepEqual([...(await executor.readFile(file, 9, 10))!.bytes], []);
  assert.equal(await executor.readFile(path.join(folder, 'none'), 0, 1), undefined);
  assert.equal(existsSync(path.join(folder, 'deep', 'file.bin.tmp')), false);
});
