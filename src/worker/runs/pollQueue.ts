/** Runs at most `width` tasks at once: urgent ones first, the others in their order. */
export class PollQueue {
  readonly #width: number;
  readonly #urgent: (() => Promise<void>)[] = [];
  readonly #background: (() => Promise<void>)[] = [];
  #running = 0;

  constructor(width: number) {
    this.#width = width;
  }

  get isEmpty(): boolean {
    return this.#running === 0 && this.#urgent.length === 0 && this.#background.length === 0;
  }

  /** The task must not reject. */
  add(task: () => Promise<void>, urgent: boolean): void {
    (urgent ? this.#urgent : this.#background).push(task);
    this.#next();
  }

  #next(): void {
    while (this.#running < this.#width) {
      const task = this.#urgent.shift() ?? this.#background.shift();
      if (task === undefined) return;
      this.#running++;
      void task().finally(() => {
        this.#running--;
        this.#next();
      });
    }
  }
}
