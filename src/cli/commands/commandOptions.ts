import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { type CommandLaunchRequest, type RetryPolicy, usualRetry } from '../../domain/commandLaunch.ts';
import type { Json } from '../../domain/json.ts';
import type { TargetChoice } from '../../domain/target.ts';
import { type parseArguments, UsageError, wholeNumber } from '../arguments.ts';
import { commonOptions, folderOf } from './common.ts';

/** Options of everything that launches a command of the repository. */
export const commandOptions = {
  ...commonOptions,
  entry: { type: 'string' },
  target: { type: 'string' },
  preset: { type: 'string' },
  set: { type: 'string', multiple: true },
  gpus: { type: 'string' },
  cwd: { type: 'string' },
  env: { type: 'string', multiple: true },
  name: { type: 'string' },
  label: { type: 'string', multiple: true },
  hold: { type: 'boolean' },
  priority: { type: 'string' },
  retry: { type: 'string' },
  'request-id': { type: 'string' },
} as const;

export const commandOptionsHelp = `  --entry ID         an entry point of the repository, as "trainyard entries" lists them
  --target NAME      a target of trainyard.yaml (default: local)
  --preset NAME      a preset of the target
  --set KEY=VALUE    a value of the target for this launch, such as gres=gpu:2; may be repeated
  --gpus N           GPUs of this machine (default: one where there is one)
  --cwd FOLDER       where the command runs (default: the entry point's place, or the project)
  --env NAME=VALUE   a variable for the command, never a secret; may be repeated
  --name NAME        name of the run and its folder
  --label TEXT       a label for the run; may be repeated
  --hold             stays in the queue until "trainyard jobs release"
  --priority N       higher ones start first (default: 0)
  --retry N          tries again so many times after running out of time, pre-emption or a lost node
  --folder FOLDER    the project (default: here)
  --request-id ID    a repeated call with the same id launches once`;

export type CommandValues = ReturnType<typeof parseArguments<typeof commandOptions>>['values'];

/** Options before `--`, and what stands behind it untouched; undefined for the latter where there is no `--`. */
export function splitAtDashes(args: readonly string[]): {
  readonly options: readonly string[];
  readonly rest: readonly string[] | undefined;
} {
  const at = args.indexOf('--');
  return at < 0 ? { options: args, rest: undefined } : { options: args.slice(0, at), rest: args.slice(at + 1) };
}

/** The request that the options and the words behind `--` mean: arguments of an entry point, or a whole command. */
export function commandRequestOf(values: CommandValues, words: readonly string[]): CommandLaunchRequest {
  if (values.entry === undefined && words.length === 0)
    throw new UsageError('Give an entry point with --entry, or a command behind "--".');
  const { program, rest } = values.entry === undefined ? splitProgram(words) : { program: undefined, rest: words };
  return {
    requestId: values['request-id'] ?? randomUUID(),
    folder: folderOf(values),
    ...(values.entry === undefined ? { command: program ?? [] } : { entry: values.entry }),
    arguments: rest,
    target: targetOf(values),
    ...(values.gpus === undefined ? {} : { gpus: wholeNumber(values.gpus, 'gpus', 0) }),
    ...(values.cwd === undefined ? {} : { cwd: path.resolve(values.cwd) }),
    ...(values.env === undefined ? {} : { env: Object.fromEntries(values.env.map((text) => pair(text, 'env'))) }),
    ...(values.name === undefined ? {} : { name: values.name }),
    ...(values.label === undefined ? {} : { labels: values.label }),
    ...(values.hold === true ? { hold: true } : {}),
    ...(values.priority === undefined ? {} : { priority: priorityOf(values.priority) }),
    ...(values.retry === undefined ? {} : { retry: retryOf(values.retry) }),
  };
}

export function targetOf({
  target = 'local',
  preset,
  set = [],
}: {
  readonly target?: string | undefined;
  readonly preset?: string | undefined;
  readonly set?: readonly string[] | undefined;
}): TargetChoice {
  const chosen = set.map((text) => pair(text, 'set')).map(([key, value]) => [key, valueOfText(value)] as const);
  return {
    name: target,
    ...(preset === undefined ? {} : { preset }),
    ...(chosen.length === 0 ? {} : { values: Object.fromEntries(chosen) }),
  };
}

/** "python train.py" and "lr=0.1 …": the program is what stays the same from run to run, so that runs of it can be compared. */
export function splitProgram(words: readonly string[]): {
  readonly program: readonly string[];
  readonly rest: readonly string[];
} {
  const module = words.indexOf('-m');
  const script = words.findIndex((word) => /\.(py|sh|slurm|sbatch|[cm]?[jt]s|jl|R)$/.test(word));
  const isModule = module > 0 && module + 1 < words.length && (script < 0 || module < script);
  const length = isModule ? module + 2 : script < 0 ? 1 : script + 1;
  return { program: words.slice(0, length), rest: words.slice(length) };
}

function pair(text: string, option: string): readonly [string, string] {
  const at = text.indexOf('=');
  if (at <= 0) throw new UsageError(`--${option} takes NAME=VALUE, not "${text}".`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function valueOfText(text: string): Json {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^\d+$/.test(text) ? Number(text) : text;
}

function priorityOf(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value)) throw new UsageError(`--priority takes a number, not "${text}".`);
  return value;
}

/** `--retry N`. */
export function retryOf(text: string): RetryPolicy {
  return { attempts: wholeNumber(text, 'retry', 0), ...usualRetry };
}
