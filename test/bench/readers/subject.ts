import type { Row } from '../report.ts';

/** How long and how large a benchmark of a format is, as its command line says. */
export interface BenchSize {
  /** How often ours and the peer take turns; the medians count. */
  readonly rounds: number;
  /** About how large the files are that are made for it. */
  readonly megabytes: number;
  /** A fresh folder for those files; the runner removes it. */
  readonly folder: string;
}

export interface BenchOutcome {
  readonly rows: readonly Row[];
  /** Paragraphs below the table: what was compared how, and why a goal was missed. */
  readonly notes: readonly string[];
}

/** The benchmark of one format: makes its files, reads them with our reader and with a peer in turns, each in a fresh process. */
export type ReaderBench = (size: BenchSize) => Promise<BenchOutcome>;
