import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { type HostOutcome, RECORD_VARIABLE, recordFolder, runHostSuite } from './hostSuite.ts';
import { startVscodeServer, type VscodeServer } from './vscodeServer.ts';
import { launchBrowser } from './workbench.ts';

const tiny = path.resolve('test/fixtures/tiny-extension');
let browser: Browser;
let server: VscodeServer;
let temporary: string;
let records: string;

before(async () => {
  temporary = mkdtempSync(path.join(os.tmpdir(), 'ty-harness-'));
  records = recordFolder(path.join(temporary, 'records'));
  browser = await launchBrowser();
  server = await startVscodeServer({ env: { [RECORD_VARIABLE]: records } });
});

after(async () => {
  server?.dispose();
  await browser?.close();
  rmSync(temporary, { recursive: true, force: true });
});

const runTiny = (name: string, timeoutMs = 60_000): Promise<HostOutcome> =>
  runHostSuite(browser, server, records, {
    extension: tiny,
    tests: `${tiny}/test/${name}.cjs`,
    folder: temporary,
    timeoutMs,
  });

test('a suite that passes in the extension host is counted', async () => {
  const outcome = await runTiny('passes');
  assert.deepEqual(outcome, { kind: 'completed', record: { passes: 1, failures: 0, pending: 0 }, report: '' });
});

test('a suite that fails is counted as failed', async () => {
  const outcome = await runTiny('fails');
  assert.equal(outcome.kind, 'completed');
  assert.equal(outcome.kind === 'completed' && outcome.record.failures, 1);
});

for (const name of ['crashes', 'exits']) {
  test(`an extension host that ${name} does not pass, although VS Code reports exit code 0`, async () => {
    const outcome = await runTiny(name);
    assert.equal(outcome.kind, 'broken');
    assert.match(outcome.kind === 'broken' ? outcome.reason : '', /no completion record/);
  });
}

test('a suite in which nothing ran does not pass', async () => {
  const outcome = await runTiny('runsNothing');
  assert.equal(outcome.kind === 'broken' && outcome.reason, 'no test ran');
});

test('a suite that never ends is given up', async () => {
  const outcome = await runTiny('hangs', 15_000);
  assert.equal(outcome.kind === 'broken' && outcome.reason, 'the tests did not end in time');
});
