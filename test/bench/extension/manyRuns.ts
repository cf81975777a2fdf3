import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { connectToWorker } from '../../../src/client/index.ts';
import { EventFile } from '../../../src/trainer/events/eventFile.ts';
import { startVscodeServer } from '../../host/vscodeServer.ts';
import { Workbench } from '../../host/workbench.ts';

export interface ManyRunsTimes {
  /** Until a worker that has never seen the folder lists all the runs, seconds. */
  readonly firstSeconds: number;
  /** Answers of `folder.open` with all runs, from a worker that knows them, milliseconds. */
  readonly listMs: readonly number[];
  /** From the click on the view's icon in a window with a fresh extension host to the first row on the screen, milliseconds. */
  readonly showMs: readonly number[];
}

/** Lists a folder of so many TensorBoard runs, first cold, then again and again. */
export async function measureManyRuns(browser: Browser, runs: number, rounds: number): Promise<ManyRunsTimes> {
  const temporary = mkdtempSync(path.join(os.tmpdir(), 'ty-bench-'));
  const folder = path.join(temporary, 'workspace');
  writeRuns(path.join(folder, 'logs'), runs);
  const server = await startVscodeServer();
  try {
    const env = { ...process.env, TRAINYARD_HOME: server.trainyardHome };
    const firstSeconds = await firstListing(folder, env, runs);
    const listMs: number[] = [];
    for (let round = 0; round < rounds; round++) listMs.push(await listing(folder, env, runs));
    const showMs: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const workbench = await Workbench.open(browser, server, { folder, extension: process.cwd() });
      showMs.push(await showing(workbench));
      await workbench.close();
    }
    return { firstSeconds, listMs, showMs };
  } finally {
    server.dispose();
    rmSync(temporary, { recursive: true, force: true });
  }
}

function writeRuns(logs: string, runs: number): void {
  for (let run = 0; run < runs; run++) {
    const folder = path.join(logs, `experiment-${Math.floor(run / 100)}`, `seed-${run % 100}`);
    mkdirSync(folder, { recursive: true });
    const file = new EventFile(folder);
    for (let step = 0; step < 5; step++)
      file.write(step, { kind: 'scalars', values: [{ tag: 'train/loss', value: 1 / (step + 1 + run) }] });
    file.dispose();
  }
}

async function firstListing(folder: string, env: NodeJS.ProcessEnv, runs: number): Promise<number> {
  const start = performance.now();
  const worker = await connectToWorker({
    client: 'cli',
    version: 'bench',
    workerFile: path.resolve('dist/worker.cjs'),
    env,
  });
  try {
    await worker.call('folder.open', { folder, trusted: false });
    for (;;) {
      const listed = await worker.call('runs.list', { folder });
      if (listed.runs.length >= runs && listed.runs.every((run) => run.metrics.length > 0))
        return (performance.now() - start) / 1000;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    worker.dispose();
  }
}

async function listing(folder: string, env: NodeJS.ProcessEnv, runs: number): Promise<number> {
  const worker = await connectToWorker({ client: 'cli', version: 'bench', env });
  try {
    const start = performance.now();
    const listed = await worker.call('folder.open', { folder, trusted: false });
    const milliseconds = performance.now() - start;
    if (listed.runs.length !== runs) throw new Error(`${listed.runs.length} of ${runs} runs were listed.`);
    return milliseconds;
  } finally {
    worker.dispose();
  }
}

/** The row is awaited inside the page, frame by frame, so that the polling of the driver is not measured. */
async function showing(workbench: Workbench): Promise<number> {
  await workbench.page.waitForTimeout(1500);
  return workbench.page.evaluate(async () => {
    const icon = document.querySelector<HTMLElement>('.activitybar [aria-label^="Trainyard"]');
    if (icon === null) throw new Error('The activity bar has no Trainyard icon.');
    const start = performance.now();
    icon.dispatchEvent(new MouseEvent('mousedown', { bubbles: true }));
    icon.dispatchEvent(new MouseEvent('mouseup', { bubbles: true }));
    icon.click();
    for (;;) {
      const row = document.querySelector('.sidebar [role="treeitem"][aria-label*="seed-"]');
      if (row !== null) return performance.now() - start;
      if (performance.now() - start > 60_000) throw new Error('No row appeared within a minute.');
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
  });
}
