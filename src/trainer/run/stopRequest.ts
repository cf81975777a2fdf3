import type { Disposable } from '../../base/disposables.ts';

/** The signals that ask a run to stop, with the exit code that tells so (128 + the signal's number). */
const stopSignals = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
export type StopSignal = keyof typeof stopSignals;

/** Thrown where a run notices that it was asked to stop. No error: the run saves its state and ends. */
export class StopRequested extends Error {
  override readonly name = 'StopRequested';
  readonly signal: StopSignal;

  constructor(signal: StopSignal) {
    super(`stopped by ${signal}`);
    this.signal = signal;
  }
}

/** How often a person has to ask before the process ends without saving. A terminal may deliver one Ctrl+C twice. */
const patience = 4;

/** Listens to the signals that ask this process to stop. */
export class StopRequest implements Disposable {
  #signal: StopSignal | undefined;
  #count = 0;
  readonly #listeners: readonly (readonly [StopSignal, () => void])[];

  constructor() {
    this.#listeners = (Object.keys(stopSignals) as StopSignal[]).map((signal) => [signal, () => this.#ask(signal)]);
    for (const [signal, listener] of this.#listeners) process.on(signal, listener);
  }

  /** The first signal that came, seen only after the event loop has turned. */
  get signal(): StopSignal | undefined {
    return this.#signal;
  }

  /** Lets the event loop turn, since a running model keeps signals waiting; then throws StopRequested where a stop was asked for. */
  readonly pause = async (): Promise<void> => {
    await turn();
    if (this.#signal !== undefined) throw new StopRequested(this.#signal);
  };

  dispose(): void {
    for (const [signal, listener] of this.#listeners) process.off(signal, listener);
  }

  #ask(signal: StopSignal): void {
    this.#signal ??= signal;
    this.#count += 1;
    if (this.#count >= patience) this.#endNow(this.#signal);
  }

  /**
   * Dies of the signal as a process does that listens to none. process.exit() would first end the threads and sessions of ONNX Runtime, which
   * may take as long as what the person did not want to wait for.
   */
  #endNow(signal: StopSignal): void {
    this.dispose();
    process.kill(process.pid, signal);
    // Reached only where somebody else listens to the signal too.
    process.kill(process.pid, 'SIGKILL');
  }
}

/** The exit code of a process that a signal stopped. */
export function exitCodeOf(signal: StopSignal): number {
  return stopSignals[signal];
}

/** Signals are delivered in the poll phase, so the loop has to pass it: a timer does, setImmediate alone may not. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(() => setImmediate(resolve), 0));
}
