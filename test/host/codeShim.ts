#!/usr/bin/env node
// Takes the arguments that @vscode/test-electron gives to desktop VS Code, and runs the same tests in the VS Code server.
// It stands in for the desktop program where that cannot be had: TRAINYARD_CODE=test/host/codeShim.ts npm run test:desktop
import { parseArgs } from 'node:util';
import { RECORD_VARIABLE, runHostSuite } from './hostSuite.ts';
import { startVscodeServer } from './vscodeServer.ts';
import { launchBrowser } from './workbench.ts';

const { values, positionals } = parseArgs({
  strict: false,
  allowPositionals: true,
  options: { extensionDevelopmentPath: { type: 'string' }, extensionTestsPath: { type: 'string' } },
});
const { extensionDevelopmentPath: extension, extensionTestsPath: tests } = values;
const [folder] = positionals;
const records = process.env[RECORD_VARIABLE];
if (typeof extension !== 'string' || typeof tests !== 'string' || folder === undefined || records === undefined) {
  throw new Error('Call this as @vscode/test-electron calls VS Code, from test/host/desktop.ts.');
}

const home = process.env['TRAINYARD_HOME'];
const browser = await launchBrowser();
const server = await startVscodeServer(home === undefined ? {} : { env: { TRAINYARD_HOME: home } });
try {
  const outcome = await runHostSuite(browser, server, records, { extension, tests, folder, timeoutMs: 300_000 });
  if (outcome.kind === 'broken') console.error(outcome.reason, outcome.report);
  process.exitCode = outcome.kind === 'completed' && outcome.record.failures === 0 ? 0 : 1;
} finally {
  server.dispose();
  await browser.close();
}
