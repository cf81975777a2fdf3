import path from 'node:path';
import { stringify } from 'yaml';
import type { CommandPreview } from '../../../domain/commandLaunch.ts';
import { flatten } from '../../../domain/config.ts';
import type { RunId } from '../../../domain/ids.ts';
import type { JsonObject } from '../../../domain/json.ts';
import { type CommandLaunchFacts, launchKeyOf } from '../../../domain/launch.ts';
import { runFiles } from '../../../domain/runDirectory.ts';
import type { CodeState, FullCodeState } from '../../../launch/git.ts';
import { quoteCommand, quoteWord } from '../../../launch/remote/shellQuote.ts';
import { isUserScript, submitCommand } from '../../../launch/slurm/userScript.ts';
import { keepLocks } from '../../../launch/snapshot/locks.ts';
import { redacted } from '../../../launch/snapshot/secrets.ts';
import { keepUntracked } from '../../../launch/snapshot/untracked.ts';
import { slotOfCommand } from '../jobOfLaunch.ts';
import { type Prepared, present } from '../prepared.ts';
import type { LaunchSources } from '../sources.ts';
import { configOfArguments } from './argumentsOf.ts';
import type { ResolvedCommand } from './resolveCommand.ts';
import { costWarnings, targetLines } from './targetLines.ts';

/** A resolved command with the state of the code at this moment: what the run will be known by. */
export async function prepareCommandRequest(
  resolved: ResolvedCommand,
  resumedFrom: RunId | undefined,
  readCode: Promise<FullCodeState>,
  codeFolder: string,
): Promise<Prepared> {
  const { request, entry, target, cwd, env, runsFolder } = resolved;
  const code = await readCode;
  const [untracked, locks] = await Promise.all([
    code.top === undefined ? [] : keepUntracked(code.top, code.untracked, [runsFolder]),
    keepLocks(codeFolder),
  ]);
  const files = [...untracked, ...locks];
  const facts: CommandLaunchFacts = {
    request,
    target,
    snapshot: files.map((file) => file.path),
    ...present({ entry }),
  };
  const yaml = configYamlOf(resolved);
  return {
    root: request.folder,
    runsFolder,
    name: resolved.name,
    isNameFree: resolved.isNameFree,
    slot: slotOfCommand(facts),
    held: request.hold === true,
    record: (id, name) => ({
      format: 1,
      id,
      requestId: request.requestId,
      name,
      recipe: '',
      createdAt: Date.now() / 1000,
      command: [...resolved.program, ...resolved.added(name)],
      cwd,
      env,
      device: request.gpus === 0 ? 'cpu' : 'auto',
      overrides: resolved.added(name),
      dirty: code.dirty || code.untracked.length > 0,
      labels: request.labels ?? [],
      commandLaunch: facts,
      ...present({
        resumeFrom: request.checkpoint,
        resumedFrom,
        commit: code.commit,
        branch: code.branch,
        patchFile: code.patch === undefined ? undefined : runFiles.patch,
      }),
    }),
    files,
    ...(yaml === undefined ? {} : { configYaml: () => yaml }),
    ...(code.patch === undefined ? {} : { patch: code.patch }),
  };
}

/** What a person sees before the launch. */
export function describeCommand(resolved: ResolvedCommand, code: CodeState, sources: LaunchSources): CommandPreview {
  const { request, name, target, composition } = resolved;
  const command = shownCommand(resolved);
  const config = configOf(resolved);
  const last = sources.lastRunOf(
    request.folder,
    launchKeyOf(present({ entry: resolved.entry, request }) as CommandLaunchFacts),
  );
  return {
    name,
    runDirectory: path.join(resolved.runsFolder, name),
    command,
    commandLine: commandLine(command, resolved.env),
    cwd: resolved.cwd,
    env: resolved.env,
    target: target.name,
    targetLines: targetLines(target.settings, request),
    changes: last === undefined || config === undefined ? [] : configChanges(last.config, config),
    dirty: code.dirty,
    warnings: [...resolved.warnings, ...costWarnings(target.settings)],
    problems: resolved.problems,
    ...present({
      config,
      configYaml: configYamlOf(resolved),
      isEstimate: composition === undefined ? undefined : composition.by === 'estimate',
      changesFrom: last?.name,
      commit: code.commit,
    }),
  };
}

/** What exactly the target runs: a batch script of the user's is handed to sbatch, although elsewhere a shell would run it. */
function shownCommand({ program, added, name, entry, target, problems }: ResolvedCommand): readonly string[] {
  const command = [...program, ...added(name)];
  const facts = { entry, command };
  const { settings } = target;
  // Options that sbatch could not be given are among the problems, and nothing runs.
  if (settings.kind !== 'slurm' || problems.length > 0 || !isUserScript(facts)) return command;
  return submitCommand(facts, name, settings);
}

/** "key: old → new" for each leaf that differs, in the order of the new tree; what is gone comes last. */
export function configChanges(before: JsonObject, after: JsonObject): readonly string[] {
  const [old, now] = [new Map(flatten(before)), new Map(flatten(after))];
  const show = (value: unknown): string =>
    value === undefined ? '(none)' : typeof value === 'string' ? value : JSON.stringify(value);
  const keys = [...now.keys(), ...[...old.keys()].filter((key) => !now.has(key))];
  return keys
    .filter((key) => JSON.stringify(old.get(key)) !== JSON.stringify(now.get(key)))
    .map((key) => `${key}: ${show(old.get(key))} → ${show(now.get(key))}`);
}

/** The text of config.yaml for a configuration that was composed. */
export function composedYaml({ yaml, by }: { readonly yaml: string; readonly by: 'hydra' | 'estimate' }): string {
  const note = by === 'estimate' ? '# Composed by Trainyard, not by the project’s own Hydra: an estimate.\n' : '';
  return redacted(`${note}${yaml.trimEnd()}\n`);
}

function commandLine(command: readonly string[], env: { readonly [name: string]: string }): string {
  const assignments = Object.entries(env).map(([name, value]) => `${name}=${quoteWord(value)}`);
  // A command with a NUL is refused with a problem; it has no line.
  if (command.some((word) => word.includes('\0'))) return '';
  return [...assignments, quoteCommand(command)].join(' ');
}

/** The composed configuration, or what the arguments of a program without one say. Undefined where a Hydra program's was not ready. */
function configOf({ composition, entry, added, name }: ResolvedCommand): JsonObject | undefined {
  if (composition !== undefined) return JSON.parse(redacted(JSON.stringify(composition.config))) as JsonObject;
  if (entry?.takes === 'hydra') return undefined;
  const config = configOfArguments(added(name));
  return Object.keys(config).length === 0 ? undefined : config;
}

function configYamlOf(resolved: ResolvedCommand): string | undefined {
  if (resolved.composition !== undefined) return composedYaml(resolved.composition);
  const config = configOf(resolved);
  return config === undefined ? undefined : redacted(stringify(config));
}
