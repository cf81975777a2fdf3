import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../base/errors.ts';
import type { WorkerLink } from '../client/index.ts';
import type { RunId } from '../domain/ids.ts';
import { isActive, type RunSummary } from '../domain/run.ts';
import { printNote, shortNumber } from './output.ts';

const pollMs = 500;
/** Where the output is no terminal, a line comes when something changed, and at most this often. */
const quietMs = 10_000;

/** Waits until a run has ended, with its progress on the error output. A worker that goes away meanwhile is started again, since the run goes on without it. */
export async function waitForRun(worker: WorkerLink, runId: RunId): Promise<RunSummary> {
  const show = process.stderr.isTTY ? inPlace() : lineByLine();
  for (;;) {
    const run = await askPatiently(worker, runId);
    if (run !== undefined) {
      show.update(describe(run), run.status);
      if (!isActive(run.status)) {
        show.end();
        return run;
      }
    }
    await delay(pollMs);
  }
}

async function askPatiently(worker: WorkerLink, runId: RunId): Promise<RunSummary | undefined> {
  try {
    return await worker.call('runs.get', { runId });
  } catch (error) {
    if (error instanceof AppError && (error.code === 'closed' || error.code === 'worker-unavailable')) return undefined;
    throw error;
  }
}

/** `digits-1  running  training 1200 of 4500  train/loss 0.41`. */
function describe({ name, status, statusReason, progress, metrics }: RunSummary): string {
  const where =
    progress === undefined
      ? statusReason
      : `${progress.phase ?? ''} ${progress.step}${progress.totalSteps === undefined ? '' : ` of ${progress.totalSteps}`}`;
  const values = metrics.slice(0, 3).map(({ tag, value }) => `${tag} ${shortNumber(Number(value.toPrecision(4)))}`);
  return [name, status, isActive(status) ? where.trim() : statusReason, ...values]
    .filter((part) => part !== '')
    .join('  ');
}

interface Show {
  update(line: string, status: string): void;
  end(): void;
}

function inPlace(): Show {
  return {
    update: (line) => {
      const width = Math.max(20, (process.stderr.columns ?? 80) - 1);
      process.stderr.write(`\r\x1b[2K${line.slice(0, width)}`);
    },
    end: () => void process.stderr.write('\n'),
  };
}

function lineByLine(): Show {
  let shown = { line: '', status: '', at: 0 };
  return {
    update: (line, status) => {
      const due = status !== shown.status || (line !== shown.line && Date.now() - shown.at >= quietMs);
      if (!due) return;
      printNote(line);
      shown = { line, status, at: Date.now() };
    },
    end: () => {},
  };
}
