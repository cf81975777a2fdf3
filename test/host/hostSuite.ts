import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { format } from 'node:util';
import type { Browser } from 'playwright-core';
import type { VscodeServer } from './vscodeServer.ts';
import { workbenchUrl } from './workbench.ts';

/** What the runner inside the extension host leaves behind. Without it a run counts as failed, whatever VS Code says. */
export interface CompletionRecord {
  readonly passes: number;
  readonly failures: number;
  readonly pending: number;
}

export type HostOutcome =
  | { readonly kind: 'completed'; readonly record: CompletionRecord; readonly report: string }
  | { readonly kind: 'broken'; readonly reason: string; readonly report: string };

export interface HostSuite {
  readonly extension: string;
  /** Test module for the extension host: exports `run(): Promise<void>`. */
  readonly tests: string;
  readonly folder: string;
  readonly timeoutMs?: number;
}

/** Environment variable that tells the runner where to leave its report and record. */
export const RECORD_VARIABLE = 'TRAINYARD_TEST_RECORD';

/** The folder for the record of a server; hand it to the server as `RECORD_VARIABLE`. */
export function recordFolder(base: string): string {
  mkdirSync(base, { recursive: true, mode: 0o700 });
  return base;
}

/**
 * Runs a test module inside the extension host of a new window, and waits for its end.
 * An extension host that dies makes VS Code report exit code 0, so only the record that the runner writes at its end counts.
 */
export async function runHostSuite(
  browser: Browser,
  server: VscodeServer,
  records: string,
  suite: HostSuite,
): Promise<HostOutcome> {
  const recordFile = path.join(records, 'record.json');
  const reportFile = path.join(records, 'report.txt');
  for (const file of [recordFile, reportFile]) rmSync(file, { force: true });

  const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
  const page = await context.newPage();
  const errors: string[] = [];
  try {
    const exit = Promise.withResolvers<number>();
    await page.exposeFunction('codeAutomationExit', (code: number) => exit.resolve(code));
    await page.exposeFunction('codeAutomationLog', (type: string, args: unknown[]) => {
      if (type === 'error') errors.push(format(...args));
    });
    await page.goto(workbenchUrl(server, suite));
    const code = await withTimeout(exit.promise, suite.timeoutMs ?? 120_000);
    const report = readOr(reportFile, '');
    if (code === undefined) return broken('the tests did not end in time', report, errors);
    if (!existsSync(recordFile)) return broken(`no completion record (VS Code said exit code ${code})`, report, errors);
    const record = JSON.parse(readFileSync(recordFile, 'utf8')) as CompletionRecord;
    if (record.passes + record.failures === 0) return broken('no test ran', report, errors);
    return { kind: 'completed', record, report };
  } finally {
    await context.close();
  }
}

function broken(reason: string, report: string, errors: readonly string[]): HostOutcome {
  const tail = errors.slice(-5).map((text) => text.slice(0, 600));
  return { kind: 'broken', reason, report: [report, ...tail].join('\n') };
}

async function withTimeout<T>(promise: Promise<T>, milliseconds: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function readOr(file: string, fallback: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : fallback;
}
