import { open, readdir } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../../../base/errors.ts';
import type { FoundRun } from '../../../domain/records.ts';
import { openRun, type RunFormat, runFormats } from '../../../readers/index.ts';
import { type Inspected, readRun } from './readRun.ts';

/** As many bytes as a format may want to see before it says whether a file is its own. */
const headBytes = 4096;

/**
 * The runs in one file by itself: one, or as many as a database or a registry holds. Throws `bad-file` where no format knows it.
 */
export async function inspectFile(file: string): Promise<readonly Inspected[]> {
  const head = await readHead(file);
  const beside = await filesBeside(file);
  let nameSays: string | undefined;
  for (const format of runFormats) {
    if (format.matchFile?.(path.basename(file), head) === false) continue;
    const inspected = await readWith(format, file, beside);
    if (inspected.length === 0) continue;
    // By its name it is of this format, but not by its first bytes: another format may know it.
    const [only] = inspected;
    const refused = inspected.length === 1 && only !== undefined && holdsNothing(only);
    if (!refused) return inspected;
    nameSays ??= format.title;
  }
  throw unknownFile(file, nameSays);
}

/** A file in which no byte could be understood, as against one that is empty or has only begun. */
function holdsNothing({ series, media, facts, problems }: Inspected): boolean {
  const isEmpty = series.length === 0 && media.length === 0 && facts.startedAt === undefined;
  return isEmpty && problems.some(({ offset }) => offset === 0);
}

async function readWith(format: RunFormat, file: string, beside: readonly string[]): Promise<readonly Inspected[]> {
  const folder = path.dirname(file);
  const match = format.match({ path: folder, root: folder, files: beside, folders: [] });
  const containers = (match?.containers ?? []).filter((container) => container.path === file);
  const listings = await Promise.all(containers.map((container) => format.list?.(container)));
  const listed = listings.flatMap((listing) => listing?.runs ?? []);
  const skipped = listings.find((listing) => listing?.skipped !== undefined)?.skipped;
  if (listed.length === 0 && skipped !== undefined) throw new AppError('bad-file', `${file} is not read: ${skipped}.`);
  if (listed.length > 0) return await readAll(listed, file);
  const single: FoundRun = { source: format.source, path: folder, root: folder, name: path.basename(folder) };
  const { openFile } = format;
  if (openFile !== undefined && format.matchFile !== undefined)
    return [await readRun(single, file, () => openFile.call(format, single, path.basename(file)))];
  // Where this one file makes the whole folder a run (a log of W&B, a record of ours), the folder is what is meant.
  const whole = (match?.runs ?? []).filter((run) => run.path === file || match?.exclusive === true);
  return await readAll(whole, file);
}

async function readAll(runs: readonly FoundRun[], file: string): Promise<readonly Inspected[]> {
  const inspected: Inspected[] = [];
  for (const run of runs) inspected.push(await readRun(run, file, () => openRun(run)));
  return inspected;
}

function unknownFile(file: string, nameSays: string | undefined): AppError {
  const message =
    nameSays === undefined
      ? `${file} is no log, database or registry that is known here.`
      : `${file} has the name of one of ${nameSays}, but nothing in it can be read as such.`;
  return new AppError('bad-file', message, {
    hint: 'Give a file that a tracker wrote, a checkpoint, or the folder of a run.',
  });
}

/** The file itself, and what a database keeps beside it under its name. */
async function filesBeside(file: string): Promise<readonly string[]> {
  const name = path.basename(file);
  const names = await readdir(path.dirname(file)).catch(() => [name]);
  return names.filter((other) => other === name || other.startsWith(`${name}-`));
}

async function readHead(file: string): Promise<Uint8Array> {
  const handle = await open(file, 'r').catch((error: Error) => {
    throw new AppError('bad-argument', `${file} cannot be read: ${error.message}`);
  });
  try {
    const head = new Uint8Array(headBytes);
    const { bytesRead } = await handle.read(head, 0, head.length, 0);
    return head.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
