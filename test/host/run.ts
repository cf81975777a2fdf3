// Runs test/host/suite in the extension host of a real VS Code. TRAINYARD_TEST_GREP narrows it.
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { bundleHostTests } from './bundle.ts';
import { RECORD_VARIABLE, recordFolder, runHostSuite } from './hostSuite.ts';
import { startVscodeServer } from './vscodeServer.ts';
import { launchBrowser } from './workbench.ts';

const TIMEOUT_MS = 300_000;

const { runner, suites } = await bundleHostTests();
if (suites.length === 0) {
  console.error('test/host/suite holds no test file.');
  process.exit(1);
}
const temporary = mkdtempSync(path.join(os.tmpdir(), 'ty-host-'));
const records = recordFolder(path.join(temporary, 'records'));
const folder = path.join(temporary, 'lab');
if (existsSync('resources/lab')) cpSync('resources/lab', folder, { recursive: true });
else mkdirSync(folder);

const browser = await launchBrowser();
const server = await startVscodeServer({ env: { [RECORD_VARIABLE]: records, TRAINYARD_TEST_REPO: process.cwd() } });
try {
  const outcome = await runHostSuite(browser, server, records, {
    extension: process.cwd(),
    tests: runner,
    folder,
    timeoutMs: TIMEOUT_MS,
  });
  console.log(outcome.report);
  if (outcome.kind === 'broken') console.error(`Host tests: ${outcome.reason}.`);
  const passed = outcome.kind === 'completed' ? outcome.record.passes : 0;
  const failed = outcome.kind === 'completed' ? outcome.record.failures : 1;
  // scripts/test.mjs adds these up over the tiers.
  const counts = process.env['TRAINYARD_TEST_COUNTS'];
  if (counts !== undefined) writeFileSync(counts, JSON.stringify({ passed, failed }));
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
} finally {
  server.dispose();
  await browser.close();
  rmSync(temporary, { recursive: true, force: true });
}
