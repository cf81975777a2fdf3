/** Which classes were taken for which: `counts[right][told]`. */
export interface Confusion {
  readonly counts: readonly (readonly number[])[];
  readonly accuracy: number;
  /** Mean over the classes of the harmonic mean of precision and recall; a class that neither is nor was told counts 0. */
  readonly macroF1: number;
}

/** Counts of right classes and those that were told, both as numbers from 0 to classes − 1. */
export function confusionOf(right: Float32Array, told: Float32Array, classes: number): Confusion {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  right.forEach((label, i) => {
    counts[label]![told[i]!]!++;
  });
  const hits = counts.map((row, label) => row[label]!);
  const f1 = hits.map((hit, label) => {
    const was = sum(counts[label]!);
    const saidSo = sum(counts.map((row) => row[label]!));
    return was + saidSo === 0 ? 0 : (2 * hit) / (was + saidSo);
  });
  return { counts, accuracy: sum(hits) / right.length, macroF1: sum(f1) / classes };
}

/** A table in Markdown: a row for each class as it is, a column for each as it was told. */
export function confusionTable({ counts }: Confusion, names: readonly string[]): string {
  const cells = names.map((name) => name.replace(/[|\n]/g, ' '));
  const rows = counts.map((row, label) => `| **${cells[label]}** | ${row.join(' | ')} | ${recall(row, label)} |`);
  return [
    `| is \\ told | ${cells.join(' | ')} | recall |`,
    `|---|${cells.map(() => '---:').join('|')}|---:|`,
    ...rows,
  ].join('\n');
}

function recall(row: readonly number[], label: number): string {
  const all = sum(row);
  return all === 0 ? '' : (row[label]! / all).toFixed(3);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
