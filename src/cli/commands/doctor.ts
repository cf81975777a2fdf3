import { noPositionals, parseArguments } from '../arguments.ts';
import { exitCodes } from '../exitCodes.ts';
import { openFolder, openTrackerFolders } from '../openFolders.ts';
import { print, printJson } from '../output.ts';
import { withWorker } from '../workerConnection.ts';
import { commonOptions, folderOf, printHelp } from './common.ts';

const help = `trainyard doctor [--folder FOLDER] [--json]

Looks at the worker, its database, the disk, the devices, git and the folder, and says what is wrong and what to do;
which trackers' runs were found where, and what was not looked into.

Exit code: 0 nothing is broken (warnings may be there), 1 something is.`;

const marks = { ok: 'ok     ', warning: 'warning', problem: 'PROBLEM' } as const;

/** `trainyard doctor`. */
export async function runDoctor(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArguments(args, commonOptions);
  if (values.help === true) return printHelp(help);
  noPositionals(positionals);
  const folder = folderOf(values);
  const { checks, sources = [] } = await withWorker(async (worker) => {
    // A folder that is not there is told by the checks.
    await Promise.all([openFolder(worker, folder).catch(() => []), openTrackerFolders(worker, folder)]);
    return await worker.call('doctor.run', { folder });
  });
  if (values.json === true) printJson({ checks, sources });
  else {
    for (const { title, state, detail, hint } of checks) {
      print(`${marks[state]}  ${title}: ${detail}${state === 'ok' || hint === undefined ? '' : ` ${hint}`}`);
    }
  }
  return checks.some(({ state }) => state === 'problem') ? exitCodes.failed : exitCodes.done;
}
