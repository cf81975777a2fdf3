import { writeFile } from 'node:fs/promises';
import { AppError } from '../../base/errors.ts';
import type { MediaRecord } from '../../domain/records.ts';
import type { RunDetail } from '../../domain/run.ts';
import { parseArguments, UsageError, wholeNumber } from '../arguments.ts';
import { exitCodes } from '../exitCodes.ts';
import { findRun } from '../findRun.ts';
import { print, printJson, printTable, write } from '../output.ts';
import { withWorker } from '../workerConnection.ts';
import { commonOptions, folderOf, printHelp } from './common.ts';

const help = `trainyard media RUN [TAG] [--step N] [--index N] [--output FILE] [--folder FOLDER] [--json]

Without --output: lists the images, texts, histograms, tables, sounds… of a run, or of one tag. With --output the value
of TAG at --step (default: its last one) is written to FILE ("-": the standard output): pictures, sounds and texts as they
are, histograms, tables and curves as JSON.`;

/** `trainyard media RUN [TAG]`. */
export async function runMedia(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArguments(args, {
    ...commonOptions,
    step: { type: 'string' },
    index: { type: 'string' },
    output: { type: 'string', short: 'o' },
  });
  if (values.help === true) return printHelp(help);
  const [wanted, tag, ...more] = positionals;
  if (wanted === undefined) throw new UsageError('Give the name or id of a run.');
  if (more.length > 0) throw new UsageError(`"${more[0]}" is one argument too many.`);
  const step = values.step === undefined ? undefined : Number(values.step);
  if (step !== undefined && !Number.isFinite(step)) throw new UsageError('--step must be a number.');
  const index = wholeNumber(values.index, 'index', 0);
  return withWorker(async (worker) => {
    const { id } = await findRun(worker, folderOf(values), wanted);
    const run = await worker.call('runs.get', { runId: id });
    const { items } = await worker.call('media.list', { runId: id, ...(tag === undefined ? {} : { tag }) });
    if (values.output === undefined) return printMedia(run, items, values.json === true);
    const record = recordAt(run, items, tag, step, index);
    const place = { tag: record.tag, step: record.step, index: record.index };
    const { mime, bytes } = await worker.call('media.read', { runId: id, ...place });
    await put(values.output, bytes);
    if (values.output !== '-') print(`${record.tag} of step ${record.step} is in ${values.output} (${mime}).`);
    return exitCodes.done;
  });
}

async function put(file: string, bytes: Uint8Array): Promise<void> {
  if (file === '-') return write(new TextDecoder().decode(bytes));
  await writeFile(file, bytes).catch((error: Error) => {
    throw new AppError('bad-argument', `${file} cannot be written: ${error.message}`);
  });
}

function recordAt(
  run: RunDetail,
  items: readonly MediaRecord[],
  tag: string | undefined,
  step: number | undefined,
  index: number,
): MediaRecord {
  if (tag === undefined) throw new UsageError('Give the tag whose value is to be written.');
  const last = Math.max(...items.map((item) => item.step));
  const found = items.findLast((item) => item.step === (step ?? last) && item.index === index);
  if (found !== undefined) return found;
  if (items.length > 0) throw new AppError('not-found', `${tag} has nothing at step ${step ?? last}, place ${index}.`);
  const known = [...new Set(run.series.filter(({ kind }) => kind !== 'scalar').map((series) => series.tag))];
  const hint = known.length === 0 ? 'It has numbers only.' : `It has ${known.slice(0, 8).join(', ')}.`;
  throw new AppError('not-found', `${run.name} has nothing of the tag "${tag}" but numbers.`, { hint });
}

function printMedia(run: RunDetail, items: readonly MediaRecord[], json: boolean): number {
  if (json) printJson({ run: { id: run.id, name: run.name }, media: items });
  else if (items.length === 0) print(`${run.name} has logged numbers only.`);
  else {
    const rows = items.map(({ tag, kind, step, index, mime, caption, place }) => [
      tag,
      kind,
      String(step),
      String(index),
      mime,
      caption ?? (place.at === 'inline' ? '' : place.file),
    ]);
    printTable(['tag', 'kind', 'step', 'index', 'type', 'file'], rows);
  }
  return exitCodes.done;
}
