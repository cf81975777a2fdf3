import { AppError } from '../../base/errors.ts';
import type { WorkerLink } from '../../client/index.ts';
import { type Sweep, type SweepAxis, type SweepRequest, searchKinds, trialStates } from '../../domain/sweep.ts';
import { parseArguments, UsageError, wholeNumber } from '../arguments.ts';
import { exitCodes } from '../exitCodes.ts';
import { print, printJson, printNote, printTable, shortNumber, shortTime } from '../output.ts';
import { withWorker } from '../workerConnection.ts';
import { commandOptions, commandOptionsHelp, commandRequestOf, splitAtDashes } from './commandOptions.ts';
import { folderOf, printHelp } from './common.ts';

const help = `trainyard sweep [SWEEP] [--folder FOLDER] [--json]
trainyard sweep start --axis KEY=VALUES … [--entry ID] [OPTIONS] [-- PROGRAM or ARGUMENT …]
trainyard sweep failures|pause|resume SWEEP [--json]
trainyard sweep relaunch SWEEP failed|missing|timed-out|INDEX … [--edit key=value …] [--json]

Lists sweeps, or the trials of one; starts one; shows its failures by their cause; launches trials again.

  --axis lr=0.1,0.01       values, each a trial; may be repeated
  --axis lr=1e-4..1e-1:log an interval to search, also ":int" or ":log:int"
  --search grid|random|tpe (default: grid)
  --trials N               how many trials a search makes
  --seed N                 of the search itself
  --metric TAG             what a search makes better, with --maximize where more is better
  --concurrency N          how many run at once
  --preview                lists the trials and starts nothing
  --edit key=value         an override that comes last, for trials that are launched again

${commandOptionsHelp}`;

const options = {
  ...commandOptions,
  axis: { type: 'string', multiple: true },
  search: { type: 'string', default: 'grid' },
  trials: { type: 'string' },
  seed: { type: 'string' },
  metric: { type: 'string' },
  maximize: { type: 'boolean' },
  concurrency: { type: 'string' },
  preview: { type: 'boolean' },
  edit: { type: 'string', multiple: true },
} as const;

type Values = ReturnType<typeof parseArguments<typeof options>>['values'];

/** A call of the command line, taken apart. */
interface Call {
  readonly values: Values;
  /** Positional arguments behind the action. */
  readonly words: readonly string[];
  /** What stands behind `--`. */
  readonly rest: readonly string[];
  readonly json: boolean;
}

type Action = (worker: WorkerLink, call: Call) => Promise<number>;

const actions: { readonly [name: string]: Action } = {
  start,
  failures,
  pause: setPaused(true),
  resume: setPaused(false),
  relaunch,
};

/** `trainyard sweep [ACTION …]`. */
export async function runSweep(args: readonly string[]): Promise<number> {
  const { options: before, rest = [] } = splitAtDashes(args);
  const { values, positionals } = parseArguments(before, options);
  if (values.help === true) return printHelp(help);
  const [first, ...others] = positionals;
  const action = first !== undefined && Object.hasOwn(actions, first) ? actions[first] : undefined;
  const words = action === undefined ? positionals : others;
  return withWorker((worker) => (action ?? list)(worker, { values, words, rest, json: values.json === true }));
}

async function list(worker: WorkerLink, { values, words, json }: Call): Promise<number> {
  const { sweeps } = await worker.call('sweeps.list', { folder: folderOf(values) });
  const [wanted] = words;
  if (wanted !== undefined) return show(named(sweeps, wanted), json);
  if (json) printJson({ sweeps });
  else
    printTable(
      ['sweep', 'made', ...trialStates, 'id'],
      sweeps.map((sweep) => [
        sweep.name,
        shortTime(sweep.createdAt),
        ...trialStates.map((state) => String(sweep.counts[state])),
        sweep.id,
      ]),
    );
  return exitCodes.done;
}

async function start(worker: WorkerLink, { values, rest, json }: Call): Promise<number> {
  const request = sweepRequestOf(values, rest);
  if (values.preview !== true) {
    const { sweep } = await worker.call('sweeps.start', request);
    return show(sweep, json);
  }
  const preview = await worker.call('sweeps.preview', request);
  if (json) printJson(preview);
  else {
    for (const trial of preview.trials) print(trial.join(' '));
    for (const problem of preview.problems) printNote(problem);
  }
  return preview.problems.length === 0 ? exitCodes.done : exitCodes.failed;
}

async function failures(worker: WorkerLink, { values, words, json }: Call): Promise<number> {
  const sweep = await find(worker, values, words[0]);
  const { groups } = await worker.call('sweeps.failures', { sweepId: sweep.id });
  if (json) printJson({ groups });
  else
    for (const { failure, trials } of groups) {
      const place = failure.file === undefined ? '' : `  at ${failure.file}:${failure.line ?? 1}`;
      print(`${failure.kind}  trials ${trials.join(', ')}${place}\n  ${failure.message}`);
    }
  return exitCodes.done;
}

function setPaused(paused: boolean): Action {
  return async (worker, { values, words, json }) => {
    const { id } = await find(worker, values, words[0]);
    const { sweep } = await worker.call('sweeps.pause', { sweepId: id, paused });
    return show(sweep, json);
  };
}

async function relaunch(worker: WorkerLink, { values, words, json }: Call): Promise<number> {
  const [wanted, which, ...more] = words;
  const { id } = await find(worker, values, wanted);
  const { sweep, started } = await worker.call('sweeps.relaunch', {
    sweepId: id,
    which: whichOf(which, more),
    requestId: values['request-id'] ?? `${id}-${Date.now()}`,
    ...(values.edit === undefined ? {} : { edits: values.edit }),
  });
  if (json) printJson({ sweep, started });
  else print(`Launched ${started} trial${started === 1 ? '' : 's'} of ${sweep.name} again.`);
  return exitCodes.done;
}

function whichOf(
  first: string | undefined,
  more: readonly string[],
): 'failed' | 'missing' | 'timed-out' | readonly number[] {
  if (first === 'failed' || first === 'missing' || first === 'timed-out') return first;
  if (first === undefined) throw new UsageError('Say which trials: failed, missing, timed-out, or their numbers.');
  return [first, ...more].map((text) => wholeNumber(text, 'trial', 0));
}

function sweepRequestOf(values: Values, rest: readonly string[]): SweepRequest {
  const search = searchKinds.find((kind) => kind === values.search);
  if (search === undefined)
    throw new UsageError(`There is no search "${values.search}". There are ${searchKinds.join(', ')}.`);
  if (values.axis === undefined) throw new UsageError('Give at least one --axis, for instance --axis lr=0.1,0.01.');
  const { name, ...launch } = values;
  const request = commandRequestOf(launch, rest);
  return {
    requestId: request.requestId,
    launch: request,
    axes: values.axis.map(axisOf),
    search,
    direction: values.maximize === true ? 'maximize' : 'minimize',
    ...(name === undefined ? {} : { name }),
    ...(values.trials === undefined ? {} : { trials: wholeNumber(values.trials, 'trials', 0) }),
    ...(values.seed === undefined ? {} : { seed: wholeNumber(values.seed, 'seed', 0) }),
    ...(values.metric === undefined ? {} : { metric: values.metric }),
    ...(values.concurrency === undefined ? {} : { concurrency: wholeNumber(values.concurrency, 'concurrency', 1) }),
  };
}

/** `lr=0.1,0.01`, or `lr=1e-4..1e-1:log`. */
export function axisOf(text: string): SweepAxis {
  const at = text.indexOf('=');
  if (at <= 0) throw new UsageError(`--axis takes KEY=VALUES, not "${text}".`);
  const [key, values] = [text.slice(0, at), text.slice(at + 1)];
  const interval = /^([^,]+?)\.\.([^,:]+)((?::(?:log|int))*)$/.exec(values);
  if (interval === null) return { key, values: values.split(',') };
  const [low, high] = [Number(interval[1]), Number(interval[2])];
  if (!(low < high)) throw new UsageError(`--axis ${text}: an interval goes from a smaller number to a larger one.`);
  const words = interval[3]!.split(':');
  return {
    key,
    low,
    high,
    ...(words.includes('log') ? { log: true } : {}),
    ...(words.includes('int') ? { integer: true } : {}),
  };
}

async function find(worker: WorkerLink, values: Values, wanted: string | undefined): Promise<Sweep> {
  if (wanted === undefined) throw new UsageError('Give the name or id of a sweep.');
  return named((await worker.call('sweeps.list', { folder: folderOf(values) })).sweeps, wanted);
}

function named(sweeps: readonly Sweep[], wanted: string): Sweep {
  const latest = [...sweeps].sort((a, b) => b.createdAt - a.createdAt);
  const found = latest.find(({ id }) => id === wanted) ?? latest.find(({ name }) => name === wanted);
  if (found !== undefined) return found;
  throw new AppError('not-found', `There is no sweep "${wanted}".`, { hint: '"trainyard sweep" lists them.' });
}

function show(sweep: Sweep, json: boolean): number {
  if (json) printJson({ sweep });
  else {
    const counts = trialStates.map((state) => `${sweep.counts[state]} ${state}`).join(', ');
    print(`${sweep.name} (${sweep.id})${sweep.paused ? ', paused' : ''}: ${counts}`);
    printTable(
      ['trial', 'state', 'value', 'overrides', 'run', 'failure'],
      sweep.trials.map(({ index, state, value, overrides, runs, failure }) => [
        String(index),
        state,
        shortNumber(value),
        overrides.join(' '),
        runs.at(-1) ?? '',
        failure?.kind ?? '',
      ]),
    );
  }
  return exitCodes.done;
}
