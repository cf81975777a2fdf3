import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../../base/errors.ts';
import type { FoundRun, ReaderProblem, RunFacts } from '../../domain/records.ts';
import type { SeriesInfo } from '../../domain/run.ts';
import {
  discoverRuns,
  looksLikeEventFile,
  openEventFile,
  openRun,
  type RunReader,
  SeriesSummary,
} from '../../readers/index.ts';
import { onlyPositional, parseArguments } from '../arguments.ts';
import { exitCodes } from '../exitCodes.ts';
import { print, printJson, printNote, printTable, shortNumber } from '../output.ts';

const help = `trainyard inspect PATH [--json]

Reads a run's file, its folder, or all runs below a folder, with the readers alone: no worker is needed and
nothing is written. Damage in a file is told on the error output; what can be read is read.

Exit code: 0 read, 1 not there or no run, 2 wrong command line.`;

/** How much is read in one go. */
const budget = { maxBytes: 64 * 1024 * 1024 };

/** What a run's readers found. */
interface Inspected {
  readonly run: FoundRun;
  /** The path that was asked for where it is a file, else the run's folder. */
  readonly path: string;
  readonly facts: RunFacts;
  readonly series: readonly SeriesInfo[];
  readonly problems: readonly ReaderProblem[];
}

/** `trainyard inspect PATH`. */
export async function runInspect(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArguments(args, {
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  });
  if (values.help === true) {
    print(help);
    return exitCodes.done;
  }
  const target = path.resolve(onlyPositional(positionals, 'the path of a file or folder'));
  const inspected = await inspect(target);
  for (const { run, problems } of inspected) {
    for (const { file, offset, message } of problems) {
      printNote(`${path.join(run.path, file)}${offset === undefined ? '' : `, byte ${offset}`}: ${message}`);
    }
  }
  if (values.json === true) printJson({ runs: inspected.map(toJson) });
  else if (inspected.length === 0) print(`No run was found below ${target}.`);
  else inspected.forEach(printRun);
  return exitCodes.done;
}

async function inspect(target: string): Promise<readonly Inspected[]> {
  const facts = await stat(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR')
      throw new AppError('not-found', `There is no file or folder ${target}.`);
    throw new AppError('bad-argument', `${target} cannot be read: ${error.message}`);
  });
  if (facts.isDirectory()) {
    const { runs } = await discoverRuns(target);
    const found: Inspected[] = [];
    for (const run of runs) found.push(await readRun(run, run.path, openRun(run)));
    return found;
  }
  if (!facts.isFile()) throw new AppError('bad-file', `${target} is neither a file nor a folder.`);
  return [await inspectFile(target)];
}

/** One event file by itself. Of our own runs the folder is the run, so its files are not read alone. */
async function inspectFile(file: string): Promise<Inspected> {
  const head = await readHead(file);
  if (!looksLikeEventFile(path.basename(file), head)) throw noEventFile(file);
  const folder = path.dirname(file);
  const run: FoundRun = { source: 'tensorboard', path: folder, root: folder, name: path.basename(folder) };
  const inspected = await readRun(run, file, openEventFile(run, path.basename(file)));
  const holdsNothing = inspected.series.length === 0 && inspected.facts.startedAt === undefined;
  if (holdsNothing && inspected.problems.some(({ offset }) => offset === 0)) throw noEventFile(file);
  return inspected;
}

function noEventFile(file: string): AppError {
  return new AppError('bad-file', `${file} is no event file: it holds no sound record.`, {
    hint: 'Give an event file, or the folder of a run.',
  });
}

async function readHead(file: string): Promise<Uint8Array> {
  const handle = await open(file, 'r').catch((error: Error) => {
    throw new AppError('bad-argument', `${file} cannot be read: ${error.message}`);
  });
  try {
    const head = new Uint8Array(12);
    const { bytesRead } = await handle.read(head, 0, head.length, 0);
    return head.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

async function readRun(run: FoundRun, shownPath: string, reader: RunReader): Promise<Inspected> {
  const summary = new SeriesSummary();
  let facts: RunFacts = {};
  const problems: ReaderProblem[] = [];
  try {
    let cursor: Parameters<RunReader['poll']>[0];
    for (let more = true; more; ) {
      const polled = await reader.poll(cursor, budget);
      summary.add(polled);
      facts = polled.reset ? polled.facts : { ...facts, ...polled.facts };
      problems.push(...polled.problems);
      cursor = polled.cursor;
      more = polled.more;
    }
  } finally {
    reader.dispose();
  }
  return { run, path: shownPath, facts, series: summary.series, problems };
}

/** The documented shape (docs/cli.md). Every key is always there; what does not apply is null. */
function toJson({ run, path: shownPath, facts, series }: Inspected): unknown {
  return {
    name: facts.name ?? run.name,
    source: run.source,
    path: shownPath,
    status: facts.status ?? 'unknown',
    statusReason: facts.statusReason ?? '',
    startedAt: facts.startedAt ?? null,
    endedAt: facts.endedAt ?? null,
    config: facts.config ?? {},
    tags: Object.fromEntries(series.map((info) => [info.tag, tagToJson(info)])),
  };
}

function tagToJson({
  kind,
  count,
  firstStep,
  lastStep,
  firstValue,
  lastValue,
  min,
  max,
  nonFinite,
}: SeriesInfo): unknown {
  return {
    kind,
    count,
    firstStep,
    lastStep,
    firstValue: firstValue ?? null,
    lastValue: lastValue ?? null,
    min: min ?? null,
    max: max ?? null,
    nonFinite,
  };
}

function printRun({ run, path: shownPath, facts, series }: Inspected): void {
  print(`${facts.name ?? run.name}  (${run.source}, ${facts.status ?? 'unknown'}: ${facts.statusReason ?? ''})`);
  print(`  ${shownPath}`);
  const rows = series.map((info) => [
    `  ${info.tag}`,
    info.kind,
    String(info.count),
    String(info.firstStep),
    String(info.lastStep),
    shortNumber(info.firstValue),
    shortNumber(info.lastValue),
    shortNumber(info.min),
    shortNumber(info.max),
    info.nonFinite === 0 ? '' : String(info.nonFinite),
  ]);
  if (rows.length > 0)
    printTable(
      ['  tag', 'kind', 'count', 'first step', 'last step', 'first', 'last', 'min', 'max', 'not finite'],
      rows,
    );
  print('');
}
