import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { EventFile } from '../../src/trainer/events/eventFile.ts';
import { startVscodeServer, type VscodeServer } from '../host/vscodeServer.ts';
import { launchBrowser, Workbench } from '../host/workbench.ts';

let browser: Browser;
let server: VscodeServer;
let folder: string;
let workbench: Workbench;

before(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'ty-restricted-'));
  const logs = path.join(folder, 'logs', 'strangers');
  mkdirSync(logs, { recursive: true });
  const events = new EventFile(logs);
  for (const step of [1, 2, 3]) events.write(step, { kind: 'scalars', values: [{ tag: 'loss', value: 1 / step }] });
  events.flush();
  events.dispose();
  browser = await launchBrowser();
  server = await startVscodeServer({ trusted: false });
  workbench = await Workbench.open(browser, server, { folder, extension: process.cwd() });
});

after(async () => {
  await browser?.close();
  server?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

test('in Restricted Mode runs and their curves are shown', async () => {
  await workbench.page.locator('.statusbar-item', { hasText: 'Restricted Mode' }).waitFor();
  await workbench.openContainer('Trainyard');
  const page = await workbench.openMetrics(/strangers/, 'canvas');
  assert.ok((await page.locator('canvas').count()) > 0);
});

test('in Restricted Mode nothing can be launched', async () => {
  await workbench.page.keyboard.press('F1');
  await workbench.quickInput.fill('>Trainyard: ');
  await workbench.quickRow('Trainyard: Doctor').waitFor();
  const rows = await workbench.page.locator('.quick-input-list .monaco-list-row').allTextContents();
  assert.deepEqual(
    rows.filter((row) => /Launch Training|Run Again|Resume|Log Conclusion|: Stop|Force Stop/.test(row)),
    [],
  );
  await workbench.page.keyboard.press('Escape');
});
