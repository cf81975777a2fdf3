type Task = () => Promise<void>;

/** One reader thread's part of the queue. */
interface Lane {
  readonly urgent: Task[];
  readonly background: Task[];
  running: number;
}

/** Runs at most `width` tasks of each lane at once: urgent ones first, the others in their order. Lanes do not wait for one another. */
export class PollQueue {
  readonly #width: number;
  readonly #lanes = new Map<number, Lane>();

  constructor(width: number) {
    this.#width = width;
  }

  /** The task must not reject. */
  add(task: Task, lane: number, urgent: boolean): void {
    let own = this.#lanes.get(lane);
    if (own === undefined) {
      own = { urgent: [], background: [], running: 0 };
      this.#lanes.set(lane, own);
    }
    (urgent ? own.urgent : own.background).push(task);
    this.#next(own);
  }

  #next(lane: Lane): void {
    while (lane.running < this.#width) {
      const task = lane.urgent.shift() ?? lane.background.shift();
      if (task === undefined) return;
      lane.running++;
      void task().finally(() => {
        lane.running--;
        this.#next(lane);
      });
    }
  }
}
