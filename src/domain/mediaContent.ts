/**
 * The forms in which values that are no scalars reach the panels, whatever tracker wrote them. Readers record where the bytes lie; `decodeMedia` of the
 * readers turns them into one of these when somebody looks. Pictures, sound, films, texts and pages stay what they are.
 */
export const contentMimes = {
  histogram: 'application/vnd.trainyard.histogram+json',
  table: 'application/vnd.trainyard.table+json',
  curve: 'application/vnd.trainyard.curve+json',
} as const;

/** Bin i lies between `edges[i]` and `edges[i + 1]`, so there is one edge more than there are counts. */
export interface HistogramContent {
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}

/** Cells are what JSON can hold; a picture in a cell is `{"file": path}`. NaN and infinities are the texts "NaN", "Infinity", "-Infinity". */
export interface TableContent {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
  /** How many rows there are, where not all are given. */
  readonly totalRows: number;
}

/** A precision-recall curve by falling thresholds. */
export interface CurveContent {
  readonly precision: readonly number[];
  readonly recall: readonly number[];
  readonly thresholds: readonly number[];
}
