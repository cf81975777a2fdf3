import { AppError, describeError } from '../../src/base/errors.ts';
import type { RunId } from '../../src/domain/ids.ts';
import type { LineSpec } from '../charts/paint.ts';
import type { MetricsContext } from './context.ts';
import { csvChunks, fileNameOf } from './csv.ts';
import { chartPng } from './png.ts';

/** An export as the card shows it. */
export interface ExportProgress {
  readonly text: string;
  /** Present while it can be stopped. */
  readonly stop?: () => void;
  readonly failed?: boolean;
}

/** Beyond this a CSV file of one chart is a job for the command line, which streams to the disk. */
const MOST_CSV_BYTES = 400e6;

/** Asks where to, and saves the picture of a chart. */
export async function exportPng(
  context: MetricsContext,
  chart: HTMLCanvasElement,
  tag: string,
  lines: readonly LineSpec[],
): Promise<ExportProgress> {
  try {
    const bytes = await chartPng(chart, tag, lines, context.theme());
    const { saved } = await context.client.call('file.save', { suggestedName: fileNameOf(tag, 'png'), bytes });
    return { text: saved ? 'Picture saved.' : '' };
  } catch (error) {
    return { text: `The picture was not saved. ${describeError(error)}`, failed: true };
  }
}

/** Collects all exact points of the lines, tells how far it is, asks where to, and saves. */
export async function exportCsv(
  context: MetricsContext,
  tag: string,
  lines: readonly LineSpec[],
  progress: (progress: ExportProgress) => void,
): Promise<ExportProgress> {
  const controller = new AbortController();
  const stop = () => controller.abort();
  try {
    const bytes = await collectCsv(context, tag, lines, controller.signal, (text) => progress({ text, stop }));
    if (bytes === undefined) return { text: 'Export stopped.' };
    const { saved } = await context.client.call('file.save', { suggestedName: fileNameOf(tag, 'csv'), bytes });
    return { text: saved ? 'Points saved.' : '' };
  } catch (error) {
    return { text: `The points were not saved. ${describeError(error)}`, failed: true };
  }
}

async function collectCsv(
  context: MetricsContext,
  tag: string,
  lines: readonly LineSpec[],
  signal: AbortSignal,
  progress: (text: string) => void,
): Promise<Uint8Array | undefined> {
  const encoder = new TextEncoder();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  const sources = lines.map((line) => ({ runId: line.runId as RunId, name: line.label }));
  const points = (runId: RunId, from: number, count: number) =>
    context.client.call('series.points', { runId, tag, from, count }, signal);
  for await (const chunk of csvChunks(sources, points)) {
    if (signal.aborted) return undefined;
    const bytes = encoder.encode(chunk.text);
    parts.push(bytes);
    size += bytes.length;
    if (size > MOST_CSV_BYTES) {
      throw new AppError('bad-argument', 'There are more points than one file of a panel can hold.', {
        hint: 'Isolate a run first, or use `trainyard metrics RUN` in a terminal.',
      });
    }
    if (chunk.total > 0) progress(`Exporting ${chunk.run}: ${Math.round((100 * chunk.done) / chunk.total)} %`);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
