import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';
import { AppError, toErrorInfo } from '../../../base/errors.ts';
import type { CommandLaunchRequest } from '../../../domain/commandLaunch.ts';
import type { EntryPoint, HydraComposition } from '../../../domain/entryPoint.ts';
import type { NamedTarget } from '../../../domain/target.ts';
import { chooseTarget, thisMachine } from '../../../launch/chosenTarget.ts';
import { defaultRunName, runNameProblem } from '../../../launch/runName.ts';
import { optionProblems } from '../../../launch/slurm/options.ts';
import { looksLikeSecret, secretIn, withoutSecrets } from '../../../launch/snapshot/secrets.ts';
import { isOnHost } from '../../../launch/ssh/checkpointInput.ts';
import { freeName } from '../resolveLaunch.ts';
import type { LaunchSources } from '../sources.ts';
import { addedArguments, nameAmong } from './argumentsOf.ts';
import { seedWarning } from './seedWarning.ts';

/** A request with everything decided. */
export interface ResolvedCommand {
  /** The request without secrets. */
  readonly request: CommandLaunchRequest;
  readonly entry?: EntryPoint;
  readonly target: NamedTarget;
  readonly name: string;
  readonly isNameFree: boolean;
  readonly runsFolder: string;
  readonly cwd: string;
  /** What is set beyond the inherited environment. */
  readonly env: { readonly [name: string]: string };
  /** The command before what a person adds. */
  readonly program: readonly string[];
  /** What comes behind it under a name. */
  readonly added: (name: string) => readonly string[];
  /** Absent where the program has no such configuration, or where it was not ready in time. */
  readonly composition?: HydraComposition;
  readonly warnings: readonly string[];
  readonly problems: readonly string[];
}

export interface ResolveWaits {
  /** How long the configuration may take to compose. */
  readonly patienceMs: number;
  readonly signal?: AbortSignal;
}

/** Decides what a request means. Whatever is wrong with it is a problem in the answer. */
export async function resolveCommand(
  asked: CommandLaunchRequest,
  sources: LaunchSources,
  waits: ResolveWaits,
): Promise<ResolvedCommand> {
  const problems: string[] = [];
  const { open, secret } = withoutSecrets(asked.env ?? {});
  const request: CommandLaunchRequest = asked.env === undefined ? asked : { ...asked, env: open };
  const [entry, target] = await Promise.all([
    findEntry(request, sources, problems),
    findTarget(request, sources, problems),
  ]);
  const runsFolder = path.resolve(request.folder, request.runsFolder ?? 'runs');
  const typed = entry?.nameArgument === undefined ? undefined : nameAmong(request.arguments, entry.nameArgument);
  const given = request.name ?? (typed !== undefined && runNameProblem(typed) === undefined ? typed : undefined);
  const name = given ?? freeName(runsFolder, defaultRunName(stemOf(entry, request)));
  const added = (chosen: string) => addedArguments({ request, entry, name: chosen });
  const about = {
    request,
    target,
    name,
    isNameFree: given === undefined,
    runsFolder,
    cwd: path.resolve(request.folder, request.cwd ?? entry?.cwd ?? '.'),
    env: { ...environmentOf(entry), ...open },
    program: entry?.command ?? request.command ?? [],
    added,
    ...(entry === undefined ? {} : { entry }),
  };
  problems.push(...requestProblems(about), ...nameProblems(about));
  const composition =
    entry === undefined || problems.length > 0 ? undefined : await compose(about, entry, sources, waits);
  problems.push(...compositionProblems(composition));
  const warnings = [...secretWarnings(secret), ...argumentWarnings(request), ...seedWarning(about, composition)];
  return { ...about, ...(composition === undefined ? {} : { composition }), warnings, problems };
}

type Decided = Omit<ResolvedCommand, 'composition' | 'warnings' | 'problems'>;

async function findEntry(
  { folder, entry, command }: CommandLaunchRequest,
  sources: LaunchSources,
  problems: string[],
): Promise<EntryPoint | undefined> {
  if ((entry === undefined) === (command === undefined)) {
    problems.push('Give either an entry point or a command of your own.');
    return undefined;
  }
  if (entry === undefined) return undefined;
  try {
    return withoutSecretEnvironment(await sources.findEntry(folder, entry));
  } catch (error) {
    problems.push(sentence(error));
    return undefined;
  }
}

/** The entry goes into the record, and what trainyard.yaml sets for it may be a secret. */
function withoutSecretEnvironment(entry: EntryPoint): EntryPoint {
  return { ...entry, env: withoutSecrets(entry.env).open };
}

async function findTarget(
  { folder, target }: CommandLaunchRequest,
  sources: LaunchSources,
  problems: string[],
): Promise<NamedTarget> {
  try {
    const chosen = chooseTarget(target, await sources.targets(folder));
    if (chosen.ok) return chosen.value;
    problems.push(chosen.message);
  } catch (error) {
    problems.push(sentence(error));
  }
  return thisMachine;
}

function requestProblems({ request, entry, target, program, cwd, name, added, env }: Decided): readonly string[] {
  const problems: string[] = [];
  const words = [...program, ...added(name)];
  const secret = words.map((word) => secretIn(word)).find((found) => found !== undefined);
  if (!existsSync(request.folder)) problems.push(`There is no folder ${request.folder}.`);
  else if (!existsSync(cwd)) problems.push(`There is no folder ${cwd} to run in.`);
  if (words.some((word) => word.includes('\0')) || Object.values(env).some((value) => value.includes('\0')))
    problems.push('An argument holds a NUL character, which no program can be given.');
  if (secret !== undefined)
    problems.push(
      `An argument holds the value of ${secret}; a secret must not stand in a command line. Let the program read it from its environment.`,
    );
  if (entry?.takes === 'nothing' && request.arguments.length > 0)
    problems.push(`${entry.title} takes no arguments, but "${request.arguments[0]}" was given.`);
  if (request.checkpoint !== undefined) problems.push(...checkpointProblems(request.checkpoint, entry));
  if (target.settings.kind === 'slurm') problems.push(...optionProblems(target.settings.options ?? []));
  if (target.settings.kind === 'local') problems.push(...programProblems(program[0], cwd, env));
  if (request.gpus !== undefined && (!Number.isInteger(request.gpus) || request.gpus < 0))
    problems.push(`${request.gpus} is no number of GPUs.`);
  return problems;
}

function checkpointProblems(checkpoint: string, entry: EntryPoint | undefined): readonly string[] {
  const problems: string[] = [];
  if (!existsSync(checkpoint) && !isOnHost(checkpoint)) problems.push(`There is no checkpoint ${checkpoint}.`);
  if ((entry?.resume ?? []).length === 0) {
    const what = entry?.title ?? 'a plain command';
    problems.push(
      `Trainyard does not know how ${what} goes on from a checkpoint. Name it in trainyard.yaml (resume: ["ckpt_path={checkpoint}"]), or give the argument yourself.`,
    );
  }
  return problems;
}

/** A program that is not there is said now, not by an exit code in the night. */
function programProblems(
  program: string | undefined,
  cwd: string,
  env: { readonly [name: string]: string },
): readonly string[] {
  if (program === undefined || program === '') return ['There is no program to run.'];
  if (process.platform === 'win32') return [];
  if (program.includes('/')) {
    const file = path.resolve(cwd, program);
    return isExecutable(file) ? [] : [`${file} cannot be run: it is missing or not executable.`];
  }
  const folders = (env['PATH'] ?? process.env['PATH'] ?? '').split(path.delimiter);
  const isThere = folders.some((folder) => folder !== '' && isExecutable(path.join(folder, program)));
  return isThere ? [] : [`There is no program "${program}" on the PATH of Trainyard's worker.`];
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function nameProblems({ name, isNameFree, runsFolder }: Decided): readonly string[] {
  const problem = runNameProblem(name);
  if (problem !== undefined) return [problem];
  const folder = path.join(runsFolder, name);
  return !isNameFree && existsSync(folder)
    ? [`${folder} exists already. Choose another name, for instance ${freeName(runsFolder, name)}.`]
    : [];
}

/** "train" for src/train.py, "python" would say nothing. */
function stemOf(entry: EntryPoint | undefined, { command = [] }: CommandLaunchRequest): string {
  const file =
    entry?.file ?? command.findLast((word) => /\.(py|sh|slurm|sbatch|[cm]?[jt]s|jl|R)$/.test(word)) ?? command[0];
  const stem = entry?.kind === 'named' || entry?.kind === 'make' ? entry.title : path.parse(file ?? 'run').name;
  const cleaned = stem.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '');
  return cleaned === '' ? 'run' : cleaned.slice(0, 60);
}

/** Without it, Python holds back what it prints until 8 KiB are full, and the log of a live run stays empty. */
function environmentOf(entry: EntryPoint | undefined): { readonly [name: string]: string } {
  return { PYTHONUNBUFFERED: '1', ...entry?.env };
}

async function compose(
  { request, added, name }: Decided,
  entry: EntryPoint,
  sources: LaunchSources,
  { patienceMs, signal }: ResolveWaits,
): Promise<HydraComposition | undefined> {
  if (entry.takes !== 'hydra') return undefined;
  const composed = sources.compose(request.folder, entry, added(name), signal).catch((error: unknown) => {
    if (error instanceof AppError && error.code === 'cancelled') throw error;
    return undefined;
  });
  if (!Number.isFinite(patienceMs)) return composed;
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), patienceMs);
  });
  return Promise.race([composed, patience]).finally(() => clearTimeout(timer));
}

function compositionProblems(composition: HydraComposition | undefined): readonly string[] {
  if (composition === undefined) return [];
  const missing = composition.missing.map((key) => `${key} must be given: ${key}=…`);
  return [...composition.problems, ...missing];
}

function secretWarnings(names: readonly string[]): readonly string[] {
  return names.map((name) => {
    const isInherited = process.env[name] !== undefined;
    const rest = isInherited
      ? 'the job gets the value that Trainyard was started with.'
      : 'set it in the environment that Trainyard is started from, or let the program read it from a file.';
    return `${name} is a secret by its name, so it is not written into the record of the launch; ${rest}`;
  });
}

function argumentWarnings(request: CommandLaunchRequest): readonly string[] {
  const found = request.arguments.filter(looksLikeSecret).map((argument) => argument.slice(0, argument.indexOf('=')));
  return found.map(
    (key) =>
      `${key} looks like a secret. Everybody on the machine can read a command line; use the environment instead.`,
  );
}

function sentence(error: unknown): string {
  const { message, hint } = toErrorInfo(error);
  return hint === undefined ? message : `${message} ${hint}`;
}
