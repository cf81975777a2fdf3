import type { StopRequest } from './jobFiles.ts';

/** The signal that is due, given when the stop was asked for: SIGINT first, SIGTERM when that did not help, SIGKILL at last. */
export function dueSignal(request: StopRequest, now: number): 'SIGINT' | 'SIGTERM' | 'SIGKILL' {
  const waited = now - request.requestedAt;
  if (request.force || waited >= request.interruptMs + request.terminateMs) return 'SIGKILL';
  return waited >= request.interruptMs ? 'SIGTERM' : 'SIGINT';
}

/** Climbs the ladder of one job: says each signal once. A later request with `force` jumps to the top. */
export class StopLadder {
  readonly #send: (signal: NodeJS.Signals) => void;
  #last: NodeJS.Signals | undefined;

  constructor(send: (signal: NodeJS.Signals) => void) {
    this.#send = send;
  }

  step(request: StopRequest, now: number = Date.now()): void {
    const signal = dueSignal(request, now);
    if (signal === this.#last) return;
    this.#last = signal;
    this.#send(signal);
  }
}
