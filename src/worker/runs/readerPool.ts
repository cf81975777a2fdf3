import os from 'node:os';
import { Worker } from 'node:worker_threads';
import { Disposables } from '../../base/disposables.ts';
import { AppError, fromErrorInfo } from '../../base/errors.ts';
import type { ReaderAnswer, ReaderCall, ReaderCalls } from './readerMessages.ts';

/** Most of what a reader makes is handed over or thrown away at once; without a limit each thread keeps a hundred MB for it, and is no faster. */
const maxYoungGenerationSizeMb = 12;

interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (error: AppError) => void;
}

/** One reader thread. It starts with the first question, and anew after it has died. */
class ReaderThread {
  readonly #file: string;
  readonly #waiting = new Map<number, Waiting>();
  #thread: Worker | undefined;
  #lastId = 0;

  constructor(file: string) {
    this.#file = file;
  }

  ask<C extends ReaderCall>(call: C, params: ReaderCalls[C]['params']): Promise<ReaderCalls[C]['result']> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#running().postMessage({ id, call, params });
    });
  }

  /** Starts it before anything is asked, since that takes a moment. */
  prepare(): void {
    this.#running();
  }

  end(): void {
    void this.#thread?.terminate();
    this.#thread = undefined;
    this.#rejectAll('The reader has ended.');
  }

  #running(): Worker {
    if (this.#thread !== undefined) return this.#thread;
    const thread = new Worker(this.#file, {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      resourceLimits: { maxYoungGenerationSizeMb },
    });
    this.#thread = thread;
    thread.on('message', (answer: ReaderAnswer) => this.#settle(answer));
    thread.on('error', (error: Error) => this.#died(thread, error.message));
    thread.on('exit', (code) => this.#died(thread, `exit code ${code}`));
    return thread;
  }

  #settle(answer: ReaderAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ('error' in answer) waiting?.reject(fromErrorInfo(answer.error));
    else waiting?.resolve(answer.result as never);
  }

  #died(thread: Worker, why: string): void {
    if (this.#thread !== thread) return;
    this.#thread = undefined;
    this.#rejectAll(`A reader thread died: ${why}`);
  }

  #rejectAll(message: string): void {
    for (const { reject } of this.#waiting.values()) reject(new AppError('internal', message));
    this.#waiting.clear();
  }
}

/** The reader threads. Questions about one path always go to the same thread, which keeps its reader open. */
export class ReaderPool extends Disposables {
  readonly #threads: readonly ReaderThread[];

  constructor(file: string, size = Math.max(2, Math.min(4, os.availableParallelism() - 1))) {
    super();
    this.#threads = Array.from({ length: size }, () => new ReaderThread(file));
    for (const thread of this.#threads) this.onDispose(() => thread.end());
  }

  ask<C extends ReaderCall>(
    path: string,
    call: C,
    params: ReaderCalls[C]['params'],
  ): Promise<ReaderCalls[C]['result']> {
    // A thread that is started now would have no owner, and keep the process alive.
    if (this.isDisposed) return Promise.reject(new AppError('closed', 'The readers have ended.'));
    // Whoever asks for one run will soon ask for others.
    for (const thread of this.#threads) thread.prepare();
    return this.#threads[this.laneOf(path)]!.ask(call, params);
  }

  /** The number of the thread that answers questions about a path. */
  laneOf(path: string): number {
    return hash(path) % this.#threads.length;
  }
}

function hash(text: string): number {
  let value = 0;
  for (let index = 0; index < text.length; index++) value = (Math.imul(value, 31) + text.charCodeAt(index)) >>> 0;
  return value;
}
