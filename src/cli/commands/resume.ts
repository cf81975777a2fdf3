import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { parseArguments, UsageError } from '../arguments.ts';
import { findRun } from '../findRun.ts';
import { withWorker } from '../workerConnection.ts';
import { commonOptions, folderOf, printHelp, reportLaunch } from './common.ts';

const help = `trainyard resume RUN [key=value …] [--checkpoint PATH] [--name NAME] [--request-id ID] [--wait] [--folder FOLDER] [--json]

Goes on from a checkpoint (the last one, where none is given) as a new run that names its parent. Overrides
change its configuration, for instance a larger number of steps.

Exit code: 0 launched (with --wait: finished), 1 not, 2 wrong command line.`;

const options = {
  ...commonOptions,
  checkpoint: { type: 'string' },
  name: { type: 'string' },
  'request-id': { type: 'string' },
  wait: { type: 'boolean' },
} as const;

/** `trainyard resume RUN`. */
export async function runResume(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArguments(args, options);
  if (values.help === true) return printHelp(help);
  const [wanted, ...overrides] = positionals;
  if (wanted === undefined) throw new UsageError('Give the name or id of a run.');
  const stray = overrides.find((override) => !override.includes('='));
  if (stray !== undefined) throw new UsageError(`"${stray}" is no override. Write key=value.`);
  return withWorker(async (worker) => {
    const parent = await findRun(worker, folderOf(values), wanted);
    const launched = await worker.call('runs.resume', {
      runId: parent.id,
      requestId: values['request-id'] ?? randomUUID(),
      overrides,
      ...(values.checkpoint === undefined ? {} : { checkpoint: path.resolve(values.checkpoint) }),
      ...(values.name === undefined ? {} : { name: values.name }),
    });
    return reportLaunch(worker, launched, values, { sentence: `It goes on from ${parent.name}.` });
  });
}
