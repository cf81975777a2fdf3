import { stat } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../../base/errors.ts';
import { hashFile } from './codeState.ts';
import { MirrorState } from './mirrorState.ts';
import type { Content } from './sendCode.ts';
import { placeKey } from './sshCommand.ts';
import { readJobState, readSshJob, type SshJob } from './sshJob.ts';

/** Files that a job needs beside its code, by path here and over there. */
export interface Inputs {
  readonly inputs: readonly (readonly [name: string, sha256: string])[];
  readonly contents: ReadonlyMap<string, Content>;
  readonly paths: ReadonlyMap<string, string>;
}

const none: Inputs = { inputs: [], contents: new Map(), paths: new Map() };

/** The checkpoint to go on from: named where it lies on that very host already, sent where it is here. Throws `bad-data` for a folder. */
export async function checkpointInput({ record, settings }: SshJob, folder: string): Promise<Inputs> {
  const file = record.commandLaunch?.request.checkpoint ?? record.resumeFrom;
  if (file === undefined) return none;
  const there = pathThere(file, placeKey(settings));
  if (there !== undefined) return { ...none, paths: new Map([[file, there]]) };
  const facts = await stat(file).catch(() => undefined);
  if (facts === undefined) return none;
  if (facts.isDirectory())
    throw new AppError('bad-data', `${file} is a folder; only checkpoints that are one file are sent to a host.`, {
      hint: 'Copy it there yourself and name its path over there as an argument.',
    });
  const hash = await hashFile(file);
  const name = path.basename(file);
  return {
    inputs: [[name, hash]],
    contents: new Map([[hash, { file, size: facts.size }]]),
    paths: new Map([[file, `${folder}/inputs/${name}`]]),
  };
}

/** Whether a file of a run directory is on the host that the run was on, fetched or not: a run on that host can go on from it. */
export function isOnHost(file: string): boolean {
  return pathThere(file) !== undefined;
}

/** Where a file of an earlier run lies on the same host (any host, without a key), if that run was there. */
function pathThere(file: string, key?: string): string | undefined {
  for (let directory = path.dirname(file); directory !== path.dirname(directory); directory = path.dirname(directory)) {
    const state = readJobState(directory);
    if (state === undefined) continue;
    const name = path.relative(directory, file).replaceAll(path.sep, '/');
    const isThere = state.folder !== undefined && new MirrorState(directory).listed().has(name);
    const isSameHost = key === undefined || placeKey(readSshJob({ directory }).settings) === key;
    return isThere && isSameHost ? `${state.folder}/${name}` : undefined;
  }
  return undefined;
}
