import { noPositionals, parseArguments } from '../arguments.ts';
import { exitCodes } from '../exitCodes.ts';
import { printJson, printNote, printTable } from '../output.ts';
import { withWorker } from '../workerConnection.ts';
import { commonOptions, folderOf, printHelp } from './common.ts';

const help = `trainyard entries [--folder FOLDER] [--json]

Lists what can be launched in a folder: Hydra programs, scripts, batch scripts, shell stages, Makefile targets,
Modal apps, and what trainyard.yaml names. "trainyard launch --entry ID" launches one.`;

/** `trainyard entries`. */
export async function runEntries(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArguments(args, commonOptions);
  if (values.help === true) return printHelp(help);
  noPositionals(positionals);
  return withWorker(async (worker) => {
    const listed = await worker.call('entries.list', { folder: folderOf(values) });
    if (values.json === true) {
      printJson(listed);
      return exitCodes.done;
    }
    printTable(
      ['id', 'role', 'takes', 'because'],
      listed.entries.map(({ id, role, takes, reason }) => [id, role, takes, reason]),
    );
    for (const problem of listed.problems) printNote(problem);
    return exitCodes.done;
  });
}
