import { Disposables } from '../../base/disposables.ts';
import type { RunId } from '../../domain/ids.ts';
import type { RpcClient } from '../../protocol/rpc.ts';
import type { WorkerEvents, WorkerMethods } from '../../protocol/worker.ts';
import { formatSize } from '../ui/numbers.ts';
import { TerminalText } from './terminalText.ts';

/** A log is shown from here on back from its end; the whole file is in the run directory. */
const TAIL_BYTES = 300_000;
const READ_BYTES = 256_000;
/** The document is drawn again at most this often. */
const DRAW_MS = 250;

export interface FollowedLogOptions {
  readonly worker: RpcClient<WorkerMethods, WorkerEvents>;
  readonly runId: RunId;
  /** Which of the run's console logs; absent: its own output. */
  readonly log?: number;
  /** Called when the text has changed. */
  readonly changed: () => void;
}

/** The output of one run, read through the worker from near its end and on. */
export class FollowedLog extends Disposables {
  readonly runId: RunId;
  readonly #options: FollowedLogOptions;
  #terminal = new TerminalText(TAIL_BYTES);
  #next: number | undefined;
  #note = '';
  #reading: Promise<void> | undefined;
  #again = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: FollowedLogOptions) {
    super();
    this.#options = options;
    this.runId = options.runId;
    this.onDispose(() => clearTimeout(this.#timer));
  }

  get #place(): string {
    return this.#options.log === undefined ? 'output.log of the run directory' : 'the log file';
  }

  get hasRead(): boolean {
    return this.#next !== undefined;
  }

  /** What the document shows. */
  get text(): string {
    const note = this.#terminal.isCut ? `… earlier output is in ${this.#place}\n` : this.#note;
    return note + this.#terminal.text;
  }

  /** Reads what is new; rejects where that cannot be done. */
  read(): Promise<void> {
    this.#again = true;
    this.#reading ??= this.#readAll().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** Reads what is new. A failure is left to the next attempt, since nobody asked. */
  follow(): void {
    void this.read().catch(() => undefined);
  }

  async #readAll(): Promise<void> {
    while (this.#again && !this.isDisposed) {
      this.#again = false;
      await this.#readToEnd();
    }
  }

  async #readToEnd(): Promise<void> {
    let from = this.#next ?? (await this.#start());
    for (;;) {
      const { text, next, size } = await this.#read(from, READ_BYTES);
      if (this.isDisposed) return;
      if (size < from) {
        // The file was replaced by a shorter one.
        this.#terminal = new TerminalText(TAIL_BYTES);
        from = await this.#start();
        continue;
      }
      this.#take(this.#next === undefined && from > 0 ? text.slice(text.indexOf('\n') + 1) : text);
      this.#next = next;
      if (next <= from || next >= size) return;
      from = next;
    }
  }

  /** Where reading begins: near the end of a long log; the line that is cut there is left out. */
  async #start(): Promise<number> {
    const { size } = await this.#read(0, 1);
    const from = Math.max(0, size - TAIL_BYTES);
    this.#note = from === 0 ? '' : `… ${formatSize(from)} before this are in ${this.#place}\n`;
    this.#next = undefined;
    return from;
  }

  #read(from: number, maxBytes: number): Promise<WorkerMethods['log.read']['result']> {
    const { log } = this.#options;
    const which = log === undefined ? {} : { log };
    return this.#options.worker.call('log.read', { runId: this.runId, from, maxBytes, ...which });
  }

  #take(output: string): void {
    if (output === '') return;
    this.#terminal.feed(output);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#options.changed();
    }, DRAW_MS);
  }
}
