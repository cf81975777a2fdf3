import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Browser, Frame } from 'playwright-core';
import { EventFile } from '../../../src/trainer/events/eventFile.ts';
import { startVscodeServer } from '../../host/vscodeServer.ts';
import { Workbench } from '../../host/workbench.ts';

const FIRST_POINTS = 200;

/**
 * Milliseconds from the write of a record into an event file to the frame in which the open chart has drawn it: file, reader, worker,
 * extension host, webview and canvas. The clocks are the same, since the browser runs on this machine.
 */
export async function measureLiveChart(browser: Browser, writes: number): Promise<number[]> {
  const temporary = mkdtempSync(path.join(os.tmpdir(), 'ty-bench-'));
  const folder = path.join(temporary, 'workspace');
  const run = path.join(folder, 'logs', 'live-run');
  mkdirSync(run, { recursive: true });
  const file = new EventFile(run);
  const server = await startVscodeServer();
  try {
    for (let step = 0; step < FIRST_POINTS; step++) writePoint(file, step);
    const workbench = await Workbench.open(browser, server, { folder, extension: process.cwd() });
    await workbench.openContainer('Trainyard');
    const frame = await workbench.openMetrics(/live-run/, 'section.card canvas.lines');
    await untilCounted(frame, FIRST_POINTS);
    await watchDrawing(frame);
    const times: number[] = [];
    for (let index = 0; index < writes; index++) {
      await pause(300 + Math.random() * 500);
      const written = Date.now();
      writePoint(file, FIRST_POINTS + index);
      times.push((await drawnAt(frame, FIRST_POINTS + index + 1)) - written);
    }
    await workbench.close();
    return times;
  } finally {
    file.dispose();
    server.dispose();
    rmSync(temporary, { recursive: true, force: true });
  }
}

function writePoint(file: EventFile, step: number): void {
  file.write(step, {
    kind: 'scalars',
    values: [{ tag: 'train/loss', value: Math.exp(-step / 100) + 0.05 * Math.random() }],
  });
  file.flush();
}

interface Watched extends Window {
  drawings: number[];
}

/** Notes when the canvas of lines was drawn, by wrapping `stroke`. */
async function watchDrawing(frame: Frame): Promise<void> {
  await frame.evaluate(() => {
    const watched = window as unknown as Watched;
    watched.drawings = [];
    const stroke = CanvasRenderingContext2D.prototype.stroke;
    CanvasRenderingContext2D.prototype.stroke = function (this: CanvasRenderingContext2D, ...args: unknown[]) {
      if (this.canvas.classList.contains('lines')) watched.drawings.push(Date.now());
      return stroke.apply(this, args as [Path2D]);
    };
  });
}

/** The last drawing before the card counted the new point. The count is written a little later than the drawing, so this is the drawing with the point. */
async function drawnAt(frame: Frame, total: number): Promise<number> {
  await untilCounted(frame, total);
  return frame.evaluate(() => (window as unknown as Watched).drawings.at(-1)!);
}

async function untilCounted(frame: Frame, total: number): Promise<void> {
  await frame.waitForFunction(
    (wanted) => {
      const text = document.querySelector('section.card footer .shown')?.textContent ?? '';
      return Number((/of (.*) point/.exec(text)?.[1] ?? '').replace(/\D/g, '')) >= wanted;
    },
    total,
    { timeout: 30_000, polling: 'raf' },
  );
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
