import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { stringify } from 'yaml';
import { AppError } from '../../base/errors.ts';
import type { RunDetail } from '../../domain/run.ts';
import { runFiles } from '../../domain/runDirectory.ts';
import { snapshotFiles } from '../../launch/snapshot/snapshotFiles.ts';
import { type CodeOfRun, codeDifference } from '../../launch/worktree/codeDifference.ts';
import type { LaunchingMethods } from '../../protocol/launching.ts';
import { launchRecordOf } from './again.ts';

export type Compared = LaunchingMethods['runs.compare']['result'];
type What = LaunchingMethods['runs.compare']['params']['what'];
type Compare = (left: RunDetail, right: RunDetail, signal: AbortSignal) => Promise<Compared>;

const comparisons = { config: compareConfigs, code: compareCode, environment: compareEnvironments } as const satisfies {
  readonly [W in What]: Compare;
};

/** Texts of two runs for an editor that shows differences. For code, the right side is the whole difference as a patch. */
export function compareRuns(left: RunDetail, right: RunDetail, what: What, signal: AbortSignal): Promise<Compared> {
  return comparisons[what](left, right, signal);
}

async function compareConfigs(left: RunDetail, right: RunDetail): Promise<Compared> {
  const remarks: string[] = [];
  const textOf = async (run: RunDetail): Promise<string> => {
    const text = await textIn(run, runFiles.config);
    if (text !== undefined) return text;
    if (Object.keys(run.config).length > 0) return stringify(run.config);
    remarks.push(`The configuration of ${run.name} is not known.`);
    return '';
  };
  return { left: await textOf(left), right: await textOf(right), language: 'yaml', remarks };
}

async function compareCode(left: RunDetail, right: RunDetail, signal: AbortSignal): Promise<Compared> {
  const [from, to] = [codeOf(left), codeOf(right)];
  const folder = from.record.commandLaunch?.request.folder ?? from.record.cwd;
  const { patch, remarks } = await codeDifference(folder, from, to, signal);
  return {
    left: '',
    right: patch,
    language: 'diff',
    remarks: patch === '' ? ['The code is the same.', ...remarks] : remarks,
  };
}

async function compareEnvironments(left: RunDetail, right: RunDetail): Promise<Compared> {
  const remarks: string[] = [];
  const textOf = async (run: RunDetail): Promise<string> => {
    const [packages, hardware, own] = await Promise.all([
      textIn(run, snapshotFiles.packages),
      textIn(run, snapshotFiles.hardware),
      textIn(run, runFiles.run),
    ]);
    if (packages === undefined && run.entry !== undefined)
      remarks.push(`The packages of ${run.name} were not recorded.`);
    if (packages === undefined && hardware === undefined && own === undefined && run.entry === undefined)
      remarks.push(`The environment of ${run.name} is not known.`);
    return [
      ...(hardware === undefined ? [] : ['# Machine', hardware.trimEnd(), '']),
      ...(own === undefined ? [] : ['# Versions', versionsIn(own), '']),
      ...(packages === undefined ? [] : ['# Packages', packages.trimEnd(), '']),
    ].join('\n');
  };
  return { left: await textOf(left), right: await textOf(right), language: 'plaintext', remarks };
}

function codeOf(run: RunDetail): CodeOfRun {
  const record = launchRecordOf(run.path);
  if (record !== undefined) return { name: run.name, record, directory: run.path };
  throw new AppError('conflict', `${run.name} was not launched by Trainyard, so its code was not recorded.`, {
    hint: 'Compare the configurations instead.',
  });
}

/** What a recipe's `run.json` says of the machine and the programs. */
function versionsIn(text: string): string {
  try {
    const { versions, device } = JSON.parse(text) as { versions?: unknown; device?: unknown };
    return JSON.stringify({ versions, device }, undefined, 2);
  } catch {
    return '';
  }
}

async function textIn(run: RunDetail, name: string): Promise<string | undefined> {
  return readFile(path.join(run.path, name), 'utf8').catch(() => undefined);
}
