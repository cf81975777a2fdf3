import { noPositionals, parseArguments } from '../arguments.ts';
import { exitCodes } from '../exitCodes.ts';
import { print, printJson } from '../output.ts';
import { withWorker } from '../workerConnection.ts';
import { commonOptions, folderOf, printHelp } from './common.ts';

const help = `trainyard doctor [--folder FOLDER] [--json]

Looks at the worker, its database, the disk, the devices, git and the folder, and says what is wrong and what to do.

Exit code: 0 nothing is broken (warnings may be there), 1 something is.`;

const marks = { ok: 'ok     ', warning: 'warning', problem: 'PROBLEM' } as const;

/** `trainyard doctor`. */
export async function runDoctor(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArguments(args, commonOptions);
  if (values.help === true) return printHelp(help);
  noPositionals(positionals);
  const { checks } = await withWorker((worker) => worker.call('doctor.run', { folder: folderOf(values) }));
  if (values.json === true) printJson({ checks });
  else {
    for (const { title, state, detail, hint } of checks) {
      print(`${marks[state]}  ${title}: ${detail}${state === 'ok' || hint === undefined ? '' : ` ${hint}`}`);
    }
  }
  return checks.some(({ state }) => state === 'problem') ? exitCodes.failed : exitCodes.done;
}
