import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { Disposables } from '../../../base/disposables.ts';
import { AppError, fromErrorInfo } from '../../../base/errors.ts';
import type { ExampleArrays } from '../exampleReader.ts';
import type { ReaderPlan } from '../readerPlan.ts';
import type { LoaderAnswer, LoaderQuestion, LoaderStart, Selection } from './messages.ts';

/** Threads that read examples. Each question goes to the thread with the fewest unanswered ones. */
export class LoaderThreads extends Disposables {
  readonly #threads: readonly LoaderThread[];

  constructor(plan: ReaderPlan, count: number) {
    super();
    this.#threads = Array.from({ length: count }, () => this.add(new LoaderThread(plan)));
  }

  /** The examples. It may be left waiting without harm. Rejects with AppError 'bad-data', or 'internal' where the thread ended. */
  read(selection: Selection): Promise<ExampleArrays> {
    const idlest = this.#threads.reduce((best, each) => (each.waiting < best.waiting ? each : best));
    const answer = idlest.ask(selection);
    // What was asked for ahead may fail before anybody waits for it, and is told when somebody does.
    answer.catch(() => {});
    return answer;
  }
}

interface Waiting {
  readonly resolve: (arrays: ExampleArrays) => void;
  readonly reject: (error: AppError) => void;
}

class LoaderThread {
  readonly #thread: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #ended: AppError | undefined;
  #lastId = 0;

  constructor(plan: ReaderPlan) {
    const workerData: LoaderStart = { plan };
    this.#thread = new Worker(programFile(), { workerData, execArgv: ['--disable-warning=ExperimentalWarning'] });
    this.#thread.on('message', (answer: LoaderAnswer) => this.#settle(answer));
    this.#thread.on('error', (error: Error) => this.#end(error.message));
    this.#thread.on('exit', (code) => this.#end(`exit code ${code}`));
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  ask(selection: Selection): Promise<ExampleArrays> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const question: LoaderQuestion = { id: ++this.#lastId, ...selection };
    return new Promise((resolve, reject) => {
      this.#waiting.set(question.id, { resolve, reject });
      this.#thread.postMessage(question);
    });
  }

  dispose(): void {
    this.#end('it was closed');
    void this.#thread.terminate();
  }

  #settle(answer: LoaderAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ('error' in answer) waiting?.reject(fromErrorInfo(answer.error));
    else waiting?.resolve(answer.arrays);
  }

  #end(why: string): void {
    this.#ended ??= new AppError('internal', `A thread that reads the data has ended: ${why}.`, {
      hint: 'Start the run again with resume=last. Where it happens again, set dataThreads=0.',
    });
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }
}

/** The thread's program stands beside this one: as source, or as a bundle. */
function programFile(): string {
  const name = import.meta.url.endsWith('.ts') ? './loaderThread.ts' : './loaderThread.cjs';
  return fileURLToPath(new URL(name, import.meta.url));
}
