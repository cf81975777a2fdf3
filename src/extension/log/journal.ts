import { open } from 'node:fs/promises';
import type * as vscode from 'vscode';

const KEPT_LINES = 500;
const WORKER_BYTES = 64_000;

type Level = 'info' | 'warn' | 'error';

/**
 * What this window has to tell about itself: goes to VS Code's log channel, and its last lines are kept, since the channel stays empty where VS Code's
 * native log module is missing.
 */
export class Journal {
  readonly #channel: vscode.LogOutputChannel;
  readonly #lines: string[] = [];

  constructor(channel: vscode.LogOutputChannel) {
    this.#channel = channel;
  }

  info(text: string): void {
    this.#note('info', text);
  }

  warn(text: string): void {
    this.#note('warn', text);
  }

  error(text: string): void {
    this.#note('error', text);
  }

  /** The last lines of this window and of the worker, whose log is a file. */
  async report(workerLog: string): Promise<string> {
    const worker = await tail(workerLog).catch((error: unknown) => `(cannot be read: ${(error as Error).message})`);
    return ['--- This window', ...this.#lines, '', `--- Worker: ${workerLog}`, worker, ''].join('\n');
  }

  #note(level: Level, text: string): void {
    this.#channel[level](text);
    this.#lines.push(`${new Date().toISOString()} [${level}] ${text}`);
    if (this.#lines.length > 2 * KEPT_LINES) this.#lines.splice(0, KEPT_LINES);
  }
}

/** The end of a text file, from the start of a line. */
async function tail(file: string): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const start = Math.max(0, size - WORKER_BYTES);
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(size - start), position: start });
    const text = buffer.toString('utf8', 0, bytesRead);
    return start === 0 ? text : text.slice(text.indexOf('\n') + 1);
  } finally {
    await handle.close();
  }
}
