import { AppError } from '../../base/errors.ts';
import type { WorkerLink } from '../../client/index.ts';
import type { Job } from '../../domain/job.ts';
import { parseArguments, UsageError } from '../arguments.ts';
import { exitCodes } from '../exitCodes.ts';
import { print, printJson, printTable, shortTime } from '../output.ts';
import { withWorker } from '../workerConnection.ts';
import { commonOptions, printHelp } from './common.ts';

const help = `trainyard jobs [--json]
trainyard jobs move JOB [--before JOB] [--json]
trainyard jobs hold|release|cancel JOB [--json]

Lists the queue of this user, or changes it. A job is given by its run's name or its id. "move" without
--before puts it last; "hold" keeps a waiting job from starting until "release"; "cancel" takes it out.`;

/** `trainyard jobs [ACTION JOB]`. */
export async function runJobs(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArguments(args, { ...commonOptions, before: { type: 'string' } });
  if (values.help === true) return printHelp(help);
  const [action = 'list', wanted, ...rest] = positionals;
  if (rest.length > 0) throw new UsageError(`"${rest[0]}" is one argument too many.`);
  const act = action === 'list' ? undefined : actionNamed(action);
  if (act !== undefined && wanted === undefined) throw new UsageError('Give the name or id of a job.');
  return withWorker(async (worker) => {
    if (act !== undefined) await change(worker, act, wanted!, values.before);
    const { jobs } = await worker.call('queue.list', {});
    if (values.json === true) printJson({ jobs });
    else printJobs(jobs);
    return exitCodes.done;
  });
}

type Action = (worker: WorkerLink, job: Job, before: Job | undefined) => Promise<null>;

function actionNamed(name: string): Action {
  if (Object.hasOwn(actions, name)) return actions[name as keyof typeof actions];
  throw new UsageError(`There is no action "${name}". There are ${Object.keys(actions).join(', ')}.`);
}

async function change(worker: WorkerLink, act: Action, wanted: string, before: string | undefined): Promise<void> {
  const { jobs } = await worker.call('queue.list', {});
  await act(worker, findJob(jobs, wanted), before === undefined ? undefined : findJob(jobs, before));
}

const actions = {
  move: (worker, { id }, before) => worker.call('queue.move', { jobId: id, before: before?.id ?? null }),
  hold: (worker, { id }) => worker.call('queue.hold', { jobId: id, held: true }),
  release: (worker, { id }) => worker.call('queue.hold', { jobId: id, held: false }),
  cancel: (worker, { id }) => worker.call('queue.cancel', { jobId: id }),
} as const satisfies { readonly [action: string]: Action };

/** The job with this id, else the latest one whose run has this name. */
function findJob(jobs: readonly Job[], wanted: string): Job {
  const named = jobs.filter(({ runName }) => runName === wanted).sort((a, b) => b.submittedAt - a.submittedAt);
  const found = jobs.find(({ id }) => id === wanted) ?? named[0];
  if (found === undefined)
    throw new AppError('not-found', `There is no job "${wanted}" in the queue.`, {
      hint: '"trainyard jobs" lists it.',
    });
  return found;
}

function printJobs(jobs: readonly Job[]): void {
  if (jobs.length === 0) {
    print('The queue is empty.');
    return;
  }
  const rows = jobs.map(({ runName, state, slot, reason, submittedAt, exitCode, id }) => [
    runName,
    state,
    slot,
    shortTime(submittedAt),
    exitCode === undefined ? '' : String(exitCode),
    id,
    reason,
  ]);
  printTable(['run', 'state', 'slot', 'submitted', 'exit', 'id', 'reason'], rows);
}
