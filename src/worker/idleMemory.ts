import { getHeapStatistics } from 'node:v8';
import type { Disposable } from '../base/disposables.ts';
import { collectGarbage } from '../trainer/run/collectGarbage.ts';

/** So long after the last piece of work a thread is taken to rest. */
const restMs = 700;
/** What a thread may hold beyond what it held after it was last looked at: less is not worth the moment that it takes. */
const slackBytes = 8e6;

/**
 * Gives back to the system what a thread no longer uses, once it rests after a stretch of work. V8 collects what was left over only when it needs the
 * room again, and a worker that has read ten thousand runs may not need it for the rest of the day. Collecting during the work made that a quarter
 * dearer.
 */
export class IdleMemory implements Disposable {
  readonly #drop: () => void;
  #timer: NodeJS.Timeout | undefined;
  #heldBefore = 0;

  /** `drop` lets go of what the thread keeps for more work. */
  constructor(drop: () => void = () => {}) {
    this.#drop = drop;
  }

  /** A piece of work is done. */
  touch(): void {
    if (this.#timer === undefined) {
      this.#timer = setTimeout(() => this.#rest(), restMs).unref();
      return;
    }
    this.#timer.refresh();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #rest(): void {
    this.#timer = undefined;
    this.#drop();
    if (held() < this.#heldBefore + slackBytes) return;
    collectGarbage();
    this.#heldBefore = held();
  }
}

/** The bytes of this thread's heap, in use or not, and of the buffers that it holds. */
function held(): number {
  const { total_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
}
