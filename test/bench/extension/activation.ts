import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import type { Browser } from 'playwright-core';
import { RECORD_VARIABLE, recordFolder, runHostSuite } from '../../host/hostSuite.ts';
import { startVscodeServer } from '../../host/vscodeServer.ts';

export interface ActivationTimes {
  /** Until VS Code counts the extension as active, milliseconds. */
  readonly activateMs: readonly number[];
  /** Loading what the first view or command needs, milliseconds. */
  readonly firstUseMs: readonly number[];
}

/** Activation in so many fresh extension hosts. The folder that is opened holds no runs, so that nothing else activates it. */
export async function measureActivation(browser: Browser, rounds: number): Promise<ActivationTimes> {
  const probe = await bundleProbe();
  const temporary = mkdtempSync(path.join(os.tmpdir(), 'ty-bench-'));
  const folder = path.join(temporary, 'empty');
  mkdirSync(folder);
  const records = recordFolder(path.join(temporary, 'records'));
  const server = await startVscodeServer({ env: { [RECORD_VARIABLE]: records } });
  try {
    const activateMs: number[] = [];
    const firstUseMs: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const outcome = await runHostSuite(browser, server, records, { extension: process.cwd(), tests: probe, folder });
      if (outcome.kind === 'broken')
        throw new Error(`Measuring activation failed: ${outcome.reason}\n${outcome.report}`);
      const found = JSON.parse(readFileSync(path.join(records, 'activation.json'), 'utf8')) as {
        wasActive: boolean;
        milliseconds: number;
        firstUse: number;
      };
      if (found.wasActive) throw new Error('The extension was active before it was measured.');
      activateMs.push(found.milliseconds);
      firstUseMs.push(found.firstUse);
    }
    return { activateMs, firstUseMs };
  } finally {
    server.dispose();
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Bundles the probe for the extension host; gives its absolute path. */
async function bundleProbe(): Promise<string> {
  const outfile = path.resolve('dist/test/bench/hostProbe.cjs');
  await build({
    entryPoints: ['test/bench/extension/hostProbe.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    external: ['vscode'],
    logLevel: 'warning',
  });
  return outfile;
}
