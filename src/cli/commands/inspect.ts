import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../../base/errors.ts';
import type { CheckpointDetails } from '../../domain/checkpoint.ts';
import type { LogEntry } from '../../domain/logEntry.ts';
import {
  discoverRuns,
  inspectCheckpoint,
  openRun,
  parseExperimentLog,
  readCheckpointName,
} from '../../readers/index.ts';
import { onlyPositional, parseArguments } from '../arguments.ts';
import { exitCodes } from '../exitCodes.ts';
import { print, printJson, printNote, printTable } from '../output.ts';
import { printDetails } from './checkpoint.ts';
import { runToJson } from './inspect/json.ts';
import { inspectFile } from './inspect/readFile.ts';
import { type Inspected, readRun } from './inspect/readRun.ts';
import { printRun } from './inspect/table.ts';

const help = `trainyard inspect PATH [--json]

Reads a file that a tracker wrote, the folder of a run, or all runs below a folder, with the readers alone: no worker
is needed and nothing is written. An EXPERIMENT_LOG.md gives its entries, a checkpoint what is in it. Damage in a file is told on the error output;
what can be read is read.

Exit code: 0 read, 1 not there or no run, 2 wrong command line.`;

/** What a path holds. */
interface Findings {
  readonly runs: readonly Inspected[];
  /** Folders and files that were not looked into, with the reason. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
  /** Those of an experiment log, where PATH is one. */
  readonly entries?: readonly LogEntry[];
  /** Where PATH is a checkpoint. */
  readonly checkpoint?: CheckpointDetails;
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
  const { runs, skipped, entries, checkpoint } = await inspect(target);
  for (const { run, problems } of runs) {
    for (const { file, offset, message } of problems) {
      printNote(`${path.resolve(run.path, file)}${offset === undefined ? '' : `, byte ${offset}`}: ${message}`);
    }
  }
  if (values.json === true)
    printJson({
      runs: runs.map(runToJson),
      ...(skipped.length === 0 ? {} : { skipped }),
      ...(entries === undefined ? {} : { entries }),
      ...(checkpoint === undefined ? {} : { checkpoint }),
    });
  else if (entries !== undefined) printEntries(entries);
  else if (checkpoint !== undefined) printDetails(checkpoint);
  else if (runs.length === 0) print(`No run was found below ${target}.`);
  else runs.forEach(printRun);
  return exitCodes.done;
}

async function inspect(target: string): Promise<Findings> {
  const facts = await stat(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR')
      throw new AppError('not-found', `There is no file or folder ${target}.`);
    throw new AppError('bad-argument', `${target} cannot be read: ${error.message}`);
  });
  if (facts.isDirectory()) return await inspectFolder(target);
  if (!facts.isFile()) throw new AppError('bad-file', `${target} is neither a file nor a folder.`);
  if (/^experiment[_-]?log\.md$/i.test(path.basename(target))) {
    const entries = parseExperimentLog(await readFile(target, 'utf8'), target);
    return { runs: [], skipped: [], entries };
  }
  if (readCheckpointName(path.basename(target)) !== undefined) {
    const checkpoint = await inspectCheckpoint(target);
    if (checkpoint.ok) return { runs: [], skipped: [], checkpoint: checkpoint.value };
    throw new AppError('bad-file', checkpoint.message);
  }
  return { runs: await inspectFile(target), skipped: [] };
}

async function inspectFolder(target: string): Promise<Findings> {
  const { runs, skipped } = await discoverRuns(target);
  const inspected: Inspected[] = [];
  for (const run of runs) inspected.push(await readRun(run, run.path, () => openRun(run)));
  return { runs: inspected, skipped };
}

function printEntries(entries: readonly LogEntry[]): void {
  if (entries.length === 0) print('The log has no entries.');
  else
    printTable(
      ['line', 'phase', 'title', 'status', 'runs'],
      entries.map(({ line, phase, title, status, runNames }) => [
        String(line + 1),
        phase,
        title,
        status,
        runNames.join(', '),
      ]),
    );
}
