import { existsSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '../../base/errors.ts';
import { ulid } from '../../base/ulid.ts';
import { valueAt } from '../../domain/config.ts';
import { type DeviceChoice, deviceChoices } from '../../domain/device.ts';
import type { LaunchRecord, LaunchRequest } from '../../domain/launch.ts';
import type { RunDetail } from '../../domain/run.ts';
import { runFiles } from '../../domain/runDirectory.ts';
import { readJson } from '../../launch/files.ts';
import { nextRunName } from '../../launch/runName.ts';
import { freeName } from './resolveLaunch.ts';

/** What a person may change when a run goes on. */
export interface ResumeChoices {
  readonly checkpoint: string | undefined;
  readonly overrides: readonly string[] | undefined;
  readonly name: string | undefined;
  readonly requestId: string;
}

/** `launch.json` of a run, where Trainyard launched it. */
export function launchRecordOf(runPath: string): LaunchRecord | undefined {
  return readJson<LaunchRecord>(path.join(runPath, runFiles.launch));
}

/** The request that launches a run like this one again, for a form that changes it. Throws `conflict` for a run of another tool. */
export function repeatRequest(run: RunDetail, record: LaunchRecord | undefined): LaunchRequest {
  const recipe = recipeIdOf(run, record);
  const configFile = record?.configFile ?? (record === undefined ? ownConfig(run) : undefined);
  const hasFile = configFile !== undefined && existsSync(configFile);
  return {
    requestId: ulid(),
    ...placeOf(run, record),
    recipe,
    // Where the file is gone, the run's own resolved configuration says the same and more.
    ...(configFile === undefined ? {} : { configFile: hasFile ? configFile : ownConfig(run) }),
    overrides: configFile === undefined || hasFile ? (record?.overrides ?? []) : [],
    device: deviceOf(run, record),
    name: nameAfter(run),
    ...(record?.resumeFrom === undefined ? {} : { resumeFrom: record.resumeFrom }),
    ...(run.labels.length === 0 ? {} : { labels: run.labels }),
  };
}

/** The request that goes on from a checkpoint of the run, as a new run. Throws `not-found` where there is no checkpoint. */
export function resumeRequest(run: RunDetail, record: LaunchRecord | undefined, choices: ResumeChoices): LaunchRequest {
  const recipe = recipeIdOf(run, record);
  const resumeFrom = choices.checkpoint ?? path.join(run.path, runFiles.lastCheckpoint);
  if (!existsSync(resumeFrom)) {
    throw new AppError('not-found', `There is no checkpoint ${resumeFrom}.`, {
      hint: 'The run wrote none, or it was deleted; run it again instead.',
    });
  }
  return {
    requestId: choices.requestId,
    ...placeOf(run, record),
    recipe,
    configFile: ownConfig(run),
    overrides: choices.overrides ?? [],
    device: deviceOf(run, record),
    name: choices.name ?? nameAfter(run),
    resumeFrom,
    ...(run.labels.length === 0 ? {} : { labels: run.labels }),
  };
}

function recipeIdOf(run: RunDetail, record: LaunchRecord | undefined): string {
  const recipe = record?.recipe ?? run.recipe;
  if (recipe !== undefined && recipe !== '') return recipe;
  throw new AppError('conflict', `${run.name} was not trained by a recipe, so Trainyard cannot start it again.`, {
    hint: 'Start it with its own command.',
  });
}

function ownConfig(run: RunDetail): string {
  return path.join(run.path, runFiles.config);
}

/** The folder that the run was launched from, and where in it runs go. */
function placeOf(run: RunDetail, record: LaunchRecord | undefined): Pick<LaunchRequest, 'folder' | 'runsFolder'> {
  const folder = record?.cwd ?? run.root;
  const runs = path.dirname(run.path);
  return runs === path.join(folder, 'runs') ? { folder } : { folder, runsFolder: runs };
}

function deviceOf(run: RunDetail, record: LaunchRecord | undefined): DeviceChoice {
  const device = record?.device ?? valueAt(run.config, 'device');
  return deviceChoices.find((choice) => choice === device) ?? 'auto';
}

function nameAfter(run: RunDetail): string {
  return freeName(path.dirname(run.path), nextRunName(path.basename(run.path)));
}
