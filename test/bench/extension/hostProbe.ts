// Runs inside the extension host: VS Code loads the bundle of this file and calls run().
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';

/** How long `activate` takes in a fresh extension host, the loading of the bundle included. Leaves `activation.json` in the named folder. */
export async function run(): Promise<void> {
  const folder = process.env['TRAINYARD_TEST_RECORD'];
  if (folder === undefined) throw new Error('TRAINYARD_TEST_RECORD does not name a folder.');
  const extension = vscode.extensions.getExtension('trainyard.trainyard');
  if (extension === undefined) throw new Error('The extension is not there.');
  const wasActive = extension.isActive;
  const start = performance.now();
  await extension.activate();
  const milliseconds = performance.now() - start;
  writeFileSync(path.join(folder, 'activation.json'), JSON.stringify({ wasActive, milliseconds }));
  writeFileSync(path.join(folder, 'record.json'), JSON.stringify({ passes: 1, failures: 0, pending: 0 }));
}
