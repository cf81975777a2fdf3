import { readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../base/errors.ts';
import type { LogEntry } from '../domain/logEntry.ts';
import type { RunDetail, RunStatus } from '../domain/run.ts';
import { runFiles } from '../domain/runDirectory.ts';
import { writeFileSynced } from '../launch/files.ts';
import { insertEntry } from '../readers/experimentLog/insert.ts';
import { parseExperimentLog } from '../readers/experimentLog/parse.ts';
import { experimentLogFile } from './folderSignals.ts';

const defaultPhase = 'Runs';

/** The word that an entry's status line has for each state of a run. */
const statusWords = {
  queued: 'PENDING',
  starting: 'RUNNING',
  running: 'RUNNING',
  stopping: 'RUNNING',
  finished: 'COMPLETED',
  stopped: 'STOPPED',
  failed: 'FAILED',
  killed: 'FAILED',
  lost: 'FAILED',
  unknown: 'UNKNOWN',
} as const satisfies { readonly [S in RunStatus]: string };

export interface Conclusion {
  readonly title: string;
  readonly conclusion: string;
  readonly phase?: string | undefined;
}

/** Entries of the folder's experiment log; none where there is no log. */
export async function listEntries(folder: string): Promise<readonly LogEntry[]> {
  const file = path.join(folder, experimentLogFile);
  const text = await readText(file);
  return text === undefined ? [] : parseExperimentLog(text, file);
}

/** Adds an entry about a run to the experiment log of its folder, which is made where there is none. Everything else in it stays byte for byte. */
export async function concludeRun(
  run: RunDetail,
  folder: string,
  { title, conclusion, phase }: Conclusion,
): Promise<{ file: string; line: number }> {
  const file = path.join(folder, experimentLogFile);
  const before = (await readText(file)) ?? '';
  const entry = {
    phase: phase ?? lastPhase(before, file) ?? defaultPhase,
    title,
    status: statusWords[run.status],
    command: commandOf(run, folder),
    runName: run.name,
    ...(run.source === 'trainyard' ? { configFile: relativeTo(folder, path.join(run.path, runFiles.config)) } : {}),
    ...(run.commit === undefined ? {} : { commit: run.commit }),
    ...(run.dirty === undefined ? {} : { dirty: run.dirty }),
    results: resultsOf(run),
    conclusion,
  };
  const { text, line } = insertEntry(before, entry);
  // Whoever wrote to the log meanwhile is not overwritten: the entry would be theirs to lose.
  if (((await readText(file)) ?? '') !== before) {
    throw new AppError('conflict', `${file} was changed while the entry was being written.`, { hint: 'Try again.' });
  }
  await replaceText(file, text);
  return { file, line };
}

/** What a reader of the log would type: for a run of ours the short form, which does not name this machine's programs; else what was started. */
function commandOf(run: RunDetail, folder: string): readonly string[] {
  if (run.source !== 'trainyard' || run.recipe === undefined) return run.command ?? [];
  const config = relativeTo(folder, path.join(run.path, runFiles.config));
  return ['trainyard', 'launch', run.recipe, '--config', config, '--name', run.name];
}

function resultsOf({ metrics, definitions, progress }: RunDetail): { metric: string; value: string }[] {
  const rows = metrics.map(({ tag, value, step, min, max }) => {
    const definition = definitions.find((each) => each.tag === tag);
    const unit = definition === undefined || definition.unit === '' ? '' : ` ${definition.unit}`;
    const best = definition?.direction === 'minimize' ? min : definition?.direction === 'maximize' ? max : undefined;
    const bestText = best === undefined || best === value ? '' : ` (best ${shortNumber(best)}${unit})`;
    return { metric: tag, value: `${shortNumber(value)}${unit} at step ${step}${bestText}` };
  });
  const steps = progress === undefined ? [] : [{ metric: 'steps', value: stepsOf(progress.step, progress.totalSteps) }];
  return [...rows, ...steps];
}

function stepsOf(step: number, total: number | undefined): string {
  return total === undefined ? `${step}` : `${step} of ${total}`;
}

function shortNumber(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(5))) : String(value);
}

function lastPhase(text: string, file: string): string | undefined {
  const phase = parseExperimentLog(text, file).at(-1)?.phase;
  return phase === '' ? undefined : phase;
}

function relativeTo(folder: string, file: string): string {
  return path.relative(folder, file).split(path.sep).join('/');
}

/** Replaces a file of the project: where it really lies, with the permissions that it has. */
async function replaceText(file: string, text: string): Promise<void> {
  const target = await realpath(file).catch(() => file);
  const mode = await stat(target).then(
    (facts) => facts.mode & 0o777,
    () => 0o644,
  );
  writeFileSynced(target, text, mode);
}

async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
