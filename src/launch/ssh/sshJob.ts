import path from 'node:path';
import { AppError } from '../../base/errors.ts';
import type { LaunchRecord } from '../../domain/launch.ts';
import { runFiles } from '../../domain/runDirectory.ts';
import type { SshSettings } from '../../domain/target.ts';
import { readJson, writeJsonSynced } from '../files.ts';
import type { JobPlace } from '../target.ts';

const stateFile = 'ssh.json';

/** `ssh.json`: how far this side is with a job. Written before the step that it names. */
export interface SshJobState {
  readonly format: 1;
  /** `placing`: nothing that could start it was sent. `sent`: it may have started. `started`: the host said so. */
  readonly phase: 'placing' | 'sent' | 'started';
  readonly askedAt: number;
  /** Folder of the run over there, absolute; known once the host has answered. */
  readonly folder?: string;
  readonly startedAt?: number;
  /** A launch was sent and its answer never came. */
  readonly isUncertain?: boolean;
  /** The stop that the host has taken note of. */
  readonly stopTold?: 'asked' | 'forced';
  /** Why it is taken for lost: evidence of the host's, never its silence. */
  readonly lost?: string;
}

export function readJobState(directory: string): SshJobState | undefined {
  return readJson<SshJobState>(path.join(directory, stateFile));
}

export function writeJobState(directory: string, state: SshJobState): void {
  writeJsonSynced(path.join(directory, stateFile), state);
}

/** A launch record with an ssh target in it. */
export interface SshJob {
  readonly record: LaunchRecord;
  readonly settings: SshSettings;
}

/** What was decided at the launch. Throws `bad-file` where that is not to be read. */
export function readSshJob({ directory }: Pick<JobPlace, 'directory'>): SshJob {
  const record = readJson<LaunchRecord>(path.join(directory, runFiles.launch));
  const settings = record?.commandLaunch?.target.settings;
  if (record === undefined || settings?.kind !== 'ssh')
    throw new AppError('bad-file', `${path.join(directory, runFiles.launch)} names no ssh host.`, {
      hint: 'Launch the run again.',
    });
  return { record, settings };
}

/** Base folder over there with the home put in. */
export function baseFolder({ folder = '~/.trainyard' }: SshSettings, home: string): string {
  if (folder === '~') return home;
  return folder.startsWith('~/') ? path.posix.join(home, folder.slice(2)) : folder;
}
