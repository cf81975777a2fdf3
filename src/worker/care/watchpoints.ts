/** One figure that endangers runs when it goes too far. */
export interface Watchpoint {
  /** What it is about, the same at every look: "disk /data", "memory", "gpu 0". */
  readonly key: string;
  /** Beyond the limit. */
  readonly isBad: boolean;
  /** Far enough back that it does not flutter. Neither: as it was. */
  readonly isGood: boolean;
  readonly message: string;
  readonly hint: string;
}

/** What is said when something becomes dangerous, and once more when it is over. */
export interface CareWarning {
  readonly key: string;
  readonly message: string;
  readonly hint?: string;
  readonly over: boolean;
}

/** Remembers what has been said, so that it is said once until it is over. */
export class Warnings {
  readonly #open = new Map<string, CareWarning>();

  /** What stands open now: for those who come later. */
  get open(): readonly CareWarning[] {
    return [...this.#open.values()];
  }

  /** Notes one danger at once; undefined where it has been said already. What it says may have grown meanwhile, and those who come later hear that. */
  begin({ key, message, hint }: Watchpoint): CareWarning | undefined {
    const isNew = !this.#open.has(key);
    const warning = { key, message, hint, over: false };
    this.#open.set(key, warning);
    return isNew ? warning : undefined;
  }

  /** Takes in a look at everything, and gives what is to be said. A figure that cannot be seen any more is over too. */
  take(points: readonly Watchpoint[]): readonly CareWarning[] {
    const said: CareWarning[] = [];
    const seen = new Set(points.map(({ key }) => key));
    for (const point of points) {
      const { key, isBad, isGood, message } = point;
      const warning = isBad ? this.begin(point) : undefined;
      if (warning !== undefined) said.push(warning);
      else if (isGood && this.#open.delete(key)) said.push({ key, message, over: true });
    }
    for (const [key, { message }] of this.#open) {
      if (seen.has(key)) continue;
      this.#open.delete(key);
      said.push({ key, message, over: true });
    }
    return said;
  }
}
