import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { connectToWorker } from '../../../src/client/index.ts';
import type { RunId } from '../../../src/domain/ids.ts';
import type { RunSummary } from '../../../src/domain/run.ts';
import { EventFile } from '../../../src/trainer/events/eventFile.ts';
import { startVscodeServer } from '../../host/vscodeServer.ts';
import { Workbench } from '../../host/workbench.ts';

export interface ManyRunsTimes {
  /** Until a worker that has never seen the folder lists all the runs, seconds. */
  readonly firstSeconds: number;
  /** Answers of `folder.open` with all runs, from a worker that knows them, milliseconds. */
  readonly listMs: readonly number[];
  /** From the click on the view's icon in a window with a fresh extension host to the list's group on the screen, milliseconds. */
  readonly showMs: readonly number[];
  /** From the click on that group to its first run on the screen, milliseconds. */
  readonly expandMs: readonly number[];
}

/** Lists a folder of so many TensorBoard runs, first cold, then again and again. */
export async function measureManyRuns(
  browser: Browser,
  runs: number,
  { listings, windows }: { readonly listings: number; readonly windows: number },
): Promise<ManyRunsTimes> {
  const temporary = mkdtempSync(path.join(os.tmpdir(), 'ty-bench-'));
  const folder = path.join(temporary, 'workspace');
  writeRuns(path.join(folder, 'logs'), runs);
  const server = await startVscodeServer();
  try {
    const env = { ...process.env, TRAINYARD_HOME: server.trainyardHome };
    const firstSeconds = await firstListing(folder, env, runs);
    const listMs: number[] = [];
    for (let round = 0; round < listings; round++) listMs.push(await listing(folder, env, runs));
    const showMs: number[] = [];
    const expandMs: number[] = [];
    for (let round = 0; round < windows; round++) {
      const workbench = await Workbench.open(browser, server, { folder, extension: process.cwd() });
      const { list, rows } = await showing(workbench);
      showMs.push(list);
      expandMs.push(rows);
      await workbench.close();
    }
    return { firstSeconds, listMs, showMs, expandMs };
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

/** The worker tells of each run once it has been read, so nobody needs to ask for the list meanwhile. */
async function firstListing(folder: string, env: NodeJS.ProcessEnv, runs: number): Promise<number> {
  const start = performance.now();
  const worker = await connectToWorker({
    client: 'extension',
    version: 'bench',
    workerFile: path.resolve('dist/worker.cjs'),
    env,
  });
  try {
    const read = new Set<RunId>();
    const all = Promise.withResolvers<void>();
    const take = (some: readonly RunSummary[]): void => {
      for (const { id, metrics } of some) if (metrics.length > 0) read.add(id);
      if (read.size >= runs) all.resolve();
    };
    worker.on('runs.changed', ({ runs: changed }) => take(changed));
    take((await worker.call('folder.open', { folder, trusted: false })).runs);
    await all.promise;
    return (performance.now() - start) / 1000;
  } finally {
    worker.dispose();
  }
}

/** As a window asks. */
async function listing(folder: string, env: NodeJS.ProcessEnv, runs: number): Promise<number> {
  const worker = await connectToWorker({ client: 'extension', version: 'bench', env });
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

/**
 * The rows are awaited inside the page, frame by frame, so that the polling of the driver is not measured. So many runs stand in a closed group:
 * its row is the list; opening it makes VS Code fetch every row in it.
 */
async function showing(workbench: Workbench): Promise<{ readonly list: number; readonly rows: number }> {
  await workbench.page.locator('.activitybar [aria-label^="Trainyard"]').first().waitFor();
  await workbench.page.waitForTimeout(1500);
  return workbench.page.evaluate(async () => {
    const appeared = async (selector: string): Promise<HTMLElement> => {
      const start = performance.now();
      for (;;) {
        const found = document.querySelector<HTMLElement>(selector);
        if (found !== null) return found;
        if (performance.now() - start > 60_000) throw new Error(`Nothing like ${selector} appeared within a minute.`);
        await new Promise((resolve) => requestAnimationFrame(resolve));
      }
    };
    const press = (element: HTMLElement): void => {
      element.dispatchEvent(new MouseEvent('mousedown', { bubbles: true }));
      element.dispatchEvent(new MouseEvent('mouseup', { bubbles: true }));
      element.click();
    };
    const icon = await appeared('.activitybar [aria-label^="Trainyard"]');
    const clicked = performance.now();
    press(icon);
    const group = await appeared('.sidebar [role="treeitem"][aria-label$="000 runs"]');
    const list = performance.now() - clicked;
    const opened = performance.now();
    press(group.querySelector<HTMLElement>('.monaco-tl-contents') ?? group);
    await appeared('.sidebar [role="treeitem"][aria-label*="seed-"]');
    return { list, rows: performance.now() - opened };
  });
}
