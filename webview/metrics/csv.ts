import type { RunId } from '../../src/domain/ids.ts';
import type { SeriesPoints } from '../../src/protocol/series.ts';

/** Points per question while a series is exported. */
export const CSV_PAGE = 50_000;

export interface CsvSource {
  readonly runId: RunId;
  readonly name: string;
}

export type PointsQuery = (runId: RunId, from: number, count: number) => Promise<SeriesPoints>;

/**
 * All exact points of a tag as CSV (RFC 4180), run by run in file order, asked for in pages. Numbers are written so that reading them
 * gives the same float64 again. Yields after every page, so that the caller can show progress, or stop.
 */
export async function* csvChunks(
  sources: readonly CsvSource[],
  query: PointsQuery,
): AsyncGenerator<{ text: string; done: number; total: number; run: string }> {
  yield { text: 'run_id,run,step,wall_time,value\r\n', done: 0, total: 0, run: '' };
  for (const { runId, name } of sources) {
    const prefix = `${csvText(runId)},${csvText(name)},`;
    let from = 0;
    let total = Number.POSITIVE_INFINITY;
    while (from < total) {
      const page = await query(runId, from, CSV_PAGE);
      total = page.total;
      if (page.values.length === 0) break;
      from += page.values.length;
      yield { text: csvRows(prefix, page), done: from, total, run: name };
    }
  }
}

/** A field as CSV has it; a text that a spreadsheet would take for a formula keeps its meaning as text. */
export function csvText(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A file name made of a tag: letters, digits and the like, never a path. */
export function fileNameOf(tag: string, ending: string): string {
  const name = tag.replace(/[^\p{L}\p{N}._-]+/gu, '_').replace(/^[._]+/, '');
  return `${name === '' ? 'chart' : name.slice(0, 100)}.${ending}`;
}

function csvRows(prefix: string, page: SeriesPoints): string {
  let text = '';
  for (let i = 0; i < page.values.length; i++) {
    text += `${prefix}${page.steps[i]},${page.wallTimes[i]},${page.values[i]}\r\n`;
  }
  return text;
}
