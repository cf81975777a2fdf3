/** Which classes were taken for which: `counts[label][prediction]`. */
export interface Confusion {
  readonly counts: readonly (readonly number[])[];
  readonly accuracy: number;
  /** Mean over the classes of the harmonic mean of precision and recall; a class that neither occurs nor was predicted counts 0. */
  readonly macroF1: number;
}

/** Counts of labels and predictions, both as numbers from 0 to classes − 1. */
export function confusionOf(labels: Float32Array, predictions: Float32Array, classes: number): Confusion {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  labels.forEach((label, i) => {
    counts[label]![predictions[i]!]!++;
  });
  const hits = counts.map((row, label) => row[label]!);
  const f1 = hits.map((hit, label) => {
    const was = sum(counts[label]!);
    const saidSo = sum(counts.map((row) => row[label]!));
    return was + saidSo === 0 ? 0 : (2 * hit) / (was + saidSo);
  });
  return { counts, accuracy: sum(hits) / labels.length, macroF1: sum(f1) / classes };
}

/** A table in Markdown: a row for each true class, a column for each predicted one. */
export function confusionTable({ counts }: Confusion, names: readonly string[]): string {
  const cells = names.map((name) => name.replace(/[|\n]/g, ' '));
  const rows = counts.map((row, label) => `| **${cells[label]}** | ${row.join(' | ')} | ${recall(row, label)} |`);
  return [
    `| true \\ predicted | ${cells.join(' | ')} | recall |`,
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
