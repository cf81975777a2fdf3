import type { Verdict } from '../../../readers/index.ts';
import type { MergeRow, MergeTable } from '../../../store/mergeTable.ts';

/** What was decided of pairs of places, in memory and in the database. */
export class Verdicts {
  readonly #table: MergeTable;
  readonly #byPair = new Map<string, MergeRow>();

  constructor(table: MergeTable) {
    this.#table = table;
    for (const row of table.all()) this.#byPair.set(pairOf(row.one, row.other), row);
  }

  /** For `groupRuns`: the user's word stands for which place leads. */
  get all(): readonly Verdict[] {
    return [...this.#byPair.values()].map(({ one, other, verdict, why, by }) => ({
      one,
      other,
      verdict,
      why,
      ...(by === 'user' && verdict === 'same' ? { leads: true as const } : {}),
    }));
  }

  find(one: string, other: string): MergeRow | undefined {
    return this.#byPair.get(pairOf(one, other));
  }

  /** The user says so of each pair. */
  decide(pairs: readonly (readonly [string, string])[], verdict: MergeRow['verdict']): void {
    const why = verdict === 'same' ? 'You said that it is the same run.' : 'You said that these are two runs.';
    this.#save(pairs.map(([one, other]) => ({ one, other, verdict, by: 'user', why, decidedAt: Date.now() / 1000 })));
  }

  /** Evidence says so. False where the two were decided before. */
  conclude(one: string, other: string, why: string): boolean {
    if (this.find(one, other) !== undefined) return false;
    this.#save([{ one, other, verdict: 'same', by: 'evidence', why, decidedAt: Date.now() / 1000 }]);
    return true;
  }

  #save(rows: readonly MergeRow[]): void {
    this.#table.save(rows);
    for (const row of rows) this.#byPair.set(pairOf(row.one, row.other), row);
  }
}

function pairOf(one: string, other: string): string {
  return one < other ? `${one}\n${other}` : `${other}\n${one}`;
}
