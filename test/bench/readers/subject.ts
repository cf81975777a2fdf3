import { compared, median, type Row } from '../report.ts';

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

/** What a reading took: by the clock, and of the processor in the program and in the system's calls. */
export interface ReadingTimes {
  readonly milliseconds: number;
  readonly userMilliseconds: number;
  readonly systemMilliseconds: number;
}

/** The row that compares processor time, of which a busy machine changes less than of the time by the clock. `size` in bytes. */
export function processorRow(
  title: string,
  size: number,
  ours: readonly ReadingTimes[],
  theirs: readonly ReadingTimes[],
  peerName: string,
): Row {
  const perMegabyte = (times: readonly ReadingTimes[]): number =>
    median(times.map(({ userMilliseconds, systemMilliseconds }) => userMilliseconds + systemMilliseconds)) /
    (size / 1e6);
  return compared({
    name: `processor time: ${title}`,
    ours: perMegabyte(ours),
    peer: theirs.length === 0 ? null : perMegabyte(theirs),
    peerName,
    unit: 'ms/MB',
    better: 'lower',
  });
}
