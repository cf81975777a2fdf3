import { describeError } from '../../../base/errors.ts';
import type { FoundRun, MediaRecord, ReaderProblem, RunFacts } from '../../../domain/records.ts';
import type { SeriesInfo } from '../../../domain/run.ts';
import { type RunReader, SeriesSummary } from '../../../readers/index.ts';

/** How much is read in one go. */
const budget = { maxBytes: 64 * 1024 * 1024 };

/** What a run's readers found. */
export interface Inspected {
  readonly run: FoundRun;
  /** The path that was asked for where it is a file, else the run's own. */
  readonly path: string;
  readonly facts: RunFacts;
  readonly series: readonly SeriesInfo[];
  readonly media: readonly MediaRecord[];
  readonly problems: readonly ReaderProblem[];
}

/** Reads a run to its present end. A reader that cannot be opened or falls over is a problem of the run, so that the others are still told. */
export async function readRun(run: FoundRun, shownPath: string, open: () => RunReader): Promise<Inspected> {
  const summary = new SeriesSummary();
  let facts: RunFacts = {};
  let media: MediaRecord[] = [];
  let problems: ReaderProblem[] = [];
  let reader: RunReader | undefined;
  try {
    reader = open();
    let cursor: Parameters<RunReader['poll']>[0];
    for (let more = true; more; ) {
      const polled = await reader.poll(cursor, budget);
      summary.add(polled);
      facts = polled.reset ? polled.facts : { ...facts, ...polled.facts };
      if (polled.reset) [media, problems] = [[], []];
      for (const record of polled.media) media.push(record);
      for (const problem of polled.problems) problems.push(problem);
      cursor = polled.cursor;
      more = polled.more;
    }
  } catch (error) {
    problems.push({ file: '', message: `It cannot be read: ${describeError(error)}` });
  } finally {
    reader?.dispose();
  }
  return { run, path: shownPath, facts, series: summary.series, media, problems };
}
