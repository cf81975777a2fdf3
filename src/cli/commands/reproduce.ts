import { randomUUID } from 'node:crypto';
import { onlyPositional, parseArguments } from '../arguments.ts';
import { findRun } from '../findRun.ts';
import { withWorker } from '../workerConnection.ts';
import { commonOptions, folderOf, printHelp, reportLaunch } from './common.ts';

const help = `trainyard reproduce RUN [--request-id ID] [--wait] [--folder FOLDER] [--json]

Launches a run again as it was: in a worktree at its commit, with its uncommitted changes and untracked files,
the same configuration, arguments and seed. What could not be restored stands in the note of the new run.

Exit code: 0 launched (with --wait: finished), 1 not, 2 wrong command line.`;

const options = { ...commonOptions, 'request-id': { type: 'string' }, wait: { type: 'boolean' } } as const;

/** `trainyard reproduce RUN`. */
export async function runReproduce(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArguments(args, options);
  if (values.help === true) return printHelp(help);
  const wanted = onlyPositional(positionals, 'the name or id of a run');
  return withWorker(async (worker) => {
    const original = await findRun(worker, folderOf(values), wanted);
    const { worktree, ...launched } = await worker.call('runs.reproduce', {
      runId: original.id,
      requestId: values['request-id'] ?? randomUUID(),
    });
    const sentence = `${launched.run.note} The code lies in ${worktree}.`;
    return reportLaunch(worker, launched, values, { sentence, fields: { worktree } });
  });
}
