import type { RunSource } from '../../domain/run.ts';

/** One log of a run: a place, with those that go on where it ended. */
export interface LogName {
  /** `placeKey` of its first place. */
  readonly id: string;
  readonly source: RunSource;
  /** What stands before its tags where another log has the bare name. */
  readonly label: string;
}

/** A plain tree, for the cursor. */
export interface OwnersTree {
  /** Tag → id of the log that has it under its bare name. */
  readonly owners: { readonly [tag: string]: string };
  /** Tag → id of a log → how many values it has. */
  readonly counts: { readonly [tag: string]: { readonly [log: string]: number } };
}

/** Sources whose values are float32 already; the others keep float64. */
const singlePrecision: ReadonlySet<RunSource> = new Set(['tensorboard']);
/** Sources that keep no times: over time, another log's values can still be drawn. */
const timeless: ReadonlySet<RunSource> = new Set(['hf-trainer']);

/**
 * Which log of a run has a tag under its bare name: the one with more values, then one that knows when, then one that keeps float64, then the first in the order of the logs.
 * While a run is at work that may change with every poll, so it is only looked at again when somebody asks (`isBest`).
 */
export class TagOwners {
  readonly #logs: readonly LogName[];
  readonly #owners: Map<string, string>;
  readonly #counts: Map<string, Map<string, number>>;

  constructor(logs: readonly LogName[], { owners, counts }: OwnersTree = { owners: {}, counts: {} }) {
    this.#logs = logs;
    this.#owners = new Map(Object.entries(owners));
    this.#counts = new Map(Object.entries(counts).map(([tag, byLog]) => [tag, new Map(Object.entries(byLog))]));
  }

  /** Takes in that a log has so many more values of a tag. */
  count(tag: string, log: string, values: number): void {
    let byLog = this.#counts.get(tag);
    if (byLog === undefined) {
      byLog = new Map();
      this.#counts.set(tag, byLog);
    }
    byLog.set(log, (byLog.get(log) ?? 0) + values);
  }

  /** How many values of a tag a log has by now. */
  valuesOf(tag: string, log: string): number {
    return this.#counts.get(tag)?.get(log) ?? 0;
  }

  /** Gives tags without an owner the one that is best by now. */
  settleNew(): void {
    for (const tag of this.#counts.keys()) if (!this.#owners.has(tag)) this.#owners.set(tag, this.#best(tag));
  }

  /** Whether every tag has the owner that is best by now. */
  get isBest(): boolean {
    for (const tag of this.#counts.keys()) if (this.#owners.get(tag) !== this.#best(tag)) return false;
    return true;
  }

  /** The best owners, with no values counted: for reading everything anew. */
  afresh(): TagOwners {
    const owners = Object.fromEntries([...this.#counts.keys()].map((tag) => [tag, this.#best(tag)]));
    return new TagOwners(this.#logs, { owners, counts: {} });
  }

  owns(tag: string, log: string): boolean {
    return (this.#owners.get(tag) ?? log) === log;
  }

  /** How many tags a log has under their bare names. */
  countOf(log: string): number {
    let count = 0;
    for (const [tag, owner] of this.#owners) if (owner === log && this.#counts.get(tag)?.has(log)) count++;
    return count;
  }

  toTree(): OwnersTree {
    return {
      owners: Object.fromEntries(this.#owners),
      counts: Object.fromEntries([...this.#counts].map(([tag, byLog]) => [tag, Object.fromEntries(byLog)])),
    };
  }

  #best(tag: string): string {
    const byLog = this.#counts.get(tag)!;
    const weight = ({ id, source }: LogName): readonly number[] => [
      -(byLog.get(id) ?? 0),
      timeless.has(source) ? 1 : 0,
      singlePrecision.has(source) ? 1 : 0,
    ];
    const having = this.#logs.filter(({ id }) => byLog.has(id));
    const sorted = [...having].sort((a, b) => {
      const [one, other] = [weight(a), weight(b)];
      return one[0]! - other[0]! || one[1]! - other[1]! || one[2]! - other[2]!;
    });
    return sorted[0]!.id;
  }
}
