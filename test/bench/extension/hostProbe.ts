// Runs inside the extension host: VS Code loads the bundle of this file and calls run().
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import type { TestExports } from '../../../src/extension/extension.ts';

/** How long a window that has just come up is left alone: while VS Code itself is starting, its own work would be measured. */
const SETTLE_MS = 2_000;

/**
 * How long activation takes in a fresh extension host, as any caller of `extension.activate()` sees it: VS Code's own questions to its window, the
 * loading of the bundle and the call of `activate`. Then how long the first use takes to load the window's parts. Leaves `activation.json` in the
 * named folder.
 */
export async function run(): Promise<void> {
  const folder = process.env['TRAINYARD_TEST_RECORD'];
  if (folder === undefined) throw new Error('TRAINYARD_TEST_RECORD does not name a folder.');
  const extension = vscode.extensions.getExtension<TestExports>('trainyard.trainyard');
  if (extension === undefined) throw new Error('The extension is not there.');
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const wasActive = extension.isActive;
  const start = performance.now();
  const exports = await extension.activate();
  const milliseconds = performance.now() - start;
  await exports.app();
  const firstUse = performance.now() - start - milliseconds;
  writeFileSync(path.join(folder, 'activation.json'), JSON.stringify({ wasActive, milliseconds, firstUse }));
  writeFileSync(path.join(folder, 'record.json'), JSON.stringify({ passes: 1, failures: 0, pending: 0 }));
}
