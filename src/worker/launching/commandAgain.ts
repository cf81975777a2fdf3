import path from 'node:path';
import { AppError } from '../../base/errors.ts';
import { ulid } from '../../base/ulid.ts';
import type { CommandLaunchRequest } from '../../domain/commandLaunch.ts';
import type { RunId } from '../../domain/ids.ts';
import type { LaunchRecord } from '../../domain/launch.ts';
import { nextRunName } from '../../launch/runName.ts';
import { withoutName } from './commands/argumentsOf.ts';
import { freeName } from './resolveLaunch.ts';

/** The run that is launched again. */
export interface CommandRun {
  readonly id: RunId;
  readonly name: string;
  readonly path: string;
  readonly labels: readonly string[];
}

/**
 * The request that launches a command again, under the next free name; with a checkpoint it goes on from there as a child of the run. What belonged
 * to the queue then (who had to end before, a group, a time) does not belong to the new run. Throws `conflict` for a run that was not launched by command.
 */
export function commandRequest(
  run: CommandRun,
  record: LaunchRecord | undefined,
  checkpoint?: string,
): CommandLaunchRequest {
  const facts = record?.commandLaunch;
  if (facts === undefined) {
    throw new AppError('conflict', `${run.name} was not launched as a command by Trainyard.`, {
      hint: 'Launch its entry point from the list, or start it with its own command.',
    });
  }
  const { after: _a, notBefore: _n, group: _g, groupLimit: _l, hold: _h, name: _name, ...kept } = facts.request;
  return {
    ...kept,
    requestId: ulid(),
    arguments: withoutName(kept.arguments, facts.entry?.nameArgument),
    name: freeName(path.dirname(run.path), nextRunName(path.basename(run.path))),
    ...(run.labels.length === 0 ? {} : { labels: run.labels }),
    ...(checkpoint === undefined ? {} : { checkpoint, parent: run.id }),
  };
}

/** What a person may change when a command goes on. */
export interface CommandResumeChoices {
  readonly overrides: readonly string[] | undefined;
  readonly name: string | undefined;
  readonly requestId: string;
}

/**
 * The request that goes on from a checkpoint with the entry point's own arguments for that; `last` is the run's last checkpoint, where it has one.
 * Throws `not-found` where there is none and the entry point needs its path.
 */
export function commandResumeRequest(
  run: CommandRun,
  record: LaunchRecord,
  last: string | undefined,
  { overrides = [], name, requestId }: CommandResumeChoices,
): CommandLaunchRequest {
  const resume = record.commandLaunch?.entry?.resume ?? [];
  // A program that finds its checkpoint itself ("resume=true") needs no path; the run's directory stands for what it goes on from.
  const findsItself = resume.length > 0 && !resume.some((argument) => argument.includes('{checkpoint}'));
  const checkpoint = last ?? (findsItself ? run.path : undefined);
  if (checkpoint === undefined) {
    throw new AppError('not-found', `There is no checkpoint of ${run.name}.`, {
      hint: 'The run wrote none, or it was deleted; run it again instead.',
    });
  }
  const request = commandRequest(run, record, checkpoint);
  return {
    ...request,
    requestId,
    arguments: [...request.arguments, ...overrides],
    ...(name === undefined ? {} : { name }),
  };
}
