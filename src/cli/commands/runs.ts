import { type RunStatus, type RunSummary, runStatuses } from '../../domain/run.ts';
import { noPositionals, parseArguments, UsageError } from '../arguments.ts';
import { exitCodes } from '../exitCodes.ts';
import { openFolder, openTrackerFolders, runsOf } from '../openFolders.ts';
import { print, printJson, printTable, shortNumber, shortTime } from '../output.ts';
import { withWorker } from '../workerConnection.ts';
import { commonOptions, folderOf, printHelp } from './common.ts';

const help = `trainyard runs [--folder FOLDER] [--status STATUS] [--all] [--here] [--json]

Lists the runs below a folder (default: here), newest first, and those in Trackio's own folder
(TRACKIO_DIR, else trackio in the cache of Hugging Face, HF_HOME) unless --here is given.
--status keeps those of one state (${runStatuses.join(', ')});
--all includes archived runs.`;

/** `trainyard runs`. */
export async function runRuns(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArguments(args, {
    ...commonOptions,
    status: { type: 'string' },
    all: { type: 'boolean' },
    here: { type: 'boolean' },
  });
  if (values.help === true) return printHelp(help);
  noPositionals(positionals);
  const { status } = values;
  if (status !== undefined && !runStatuses.includes(status as RunStatus)) {
    throw new UsageError(`There is no status "${status}". There are ${runStatuses.join(', ')}.`);
  }
  const folder = folderOf(values);
  const runs = await withWorker(async (worker) => {
    const [, elsewhere] = await Promise.all([
      openFolder(worker, folder),
      values.here === true ? [] : openTrackerFolders(worker, folder),
    ]);
    return await runsOf(worker, [folder, ...elsewhere]);
  });
  const shown = runs
    .filter((run) => (status === undefined || run.status === status) && (values.all === true || !run.archived))
    .sort((a, b) => b.createdAt - a.createdAt);
  if (values.json === true) printJson({ runs: shown });
  else if (shown.length === 0) print(`There are no runs in ${folder}.`);
  else printTable(['name', 'status', 'step', 'metric', 'value', 'started', 'recipe', 'id'], shown.map(toRow));
  return exitCodes.done;
}

function toRow(run: RunSummary): readonly string[] {
  const metric = run.metrics[0];
  const { progress } = run;
  const step =
    progress === undefined
      ? ''
      : progress.totalSteps === undefined
        ? String(progress.step)
        : `${progress.step}/${progress.totalSteps}`;
  return [
    run.name,
    run.status,
    step,
    metric?.tag ?? '',
    shortNumber(metric?.value),
    shortTime(run.startedAt ?? run.createdAt),
    run.recipe ?? run.source,
    run.id,
  ];
}
