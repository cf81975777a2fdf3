import { AppError } from '../../base/errors.ts';
import type { StopRequest } from '../local/jobFiles.ts';
import type { JobPlace } from '../target.ts';
import type { AgentLaunch } from './agentCalls.ts';
import { checkpointInput } from './checkpointInput.ts';
import { codeOfJob } from './codeOfJob.ts';
import { remoteCommand } from './remoteCommand.ts';
import { withContents } from './sendCode.ts';
import type { SshHost } from './sshHost.ts';
import { baseFolder, type SshJob } from './sshJob.ts';

const launchMs = 180_000;

export interface LaunchOrder {
  readonly host: SshHost;
  readonly job: SshJob;
  readonly place: JobPlace;
  /** A person waits. */
  readonly isUrgent: boolean;
  readonly stop: StopRequest | undefined;
  /** Told before anything is sent that may start the job, with the run's folder over there. */
  readonly onSend: (folder: string) => void;
}

export interface Launched {
  readonly pid?: number;
  readonly stopTold?: 'asked' | 'forced';
}

/** Brings the code to the host and starts the job there, unless it was started before. Throws what the host or git says. */
export async function launchJob({ host, job, place, isUrgent, stop, onSend }: LaunchOrder): Promise<Launched> {
  const { record, settings } = job;
  const home = host.home ?? (await host.call('hello', {}, { urgent: isUrgent, timeoutMs: 30_000 })).result.home;
  const base = baseFolder(settings, home);
  const folder = `${base}/runs/${place.runId}`;
  const input = await checkpointInput(job, folder);
  const code = await codeOfJob(job, place.directory);
  try {
    const command = remoteCommand(record, settings, {
      root: code.root,
      remoteRoot:
        settings.code === 'none' ? baseFolder({ ...settings, folder: workdirOf(job) }, home) : `${folder}/work`,
      directory: place.directory,
      remoteDirectory: folder,
      inputs: input.paths,
    });
    const params: AgentLaunch = {
      base,
      id: place.runId,
      command: { id: place.runId, ...command },
      inputs: input.inputs,
      ...(code.hash === undefined ? {} : { code: { hash: code.hash } }),
      ...(stop === undefined ? {} : { stop }),
    };
    onSend(folder);
    const answer = await withContents(host, params, input.contents, code.open, async (current) => {
      const { result } = await host.call('launch', current, { timeoutMs: launchMs, urgent: isUrgent });
      return result;
    });
    if (answer.kind !== 'started')
      throw new AppError('internal', `${host.place.host} still lacks files of the code after they were sent.`);
    return {
      ...(answer.pid === undefined ? {} : { pid: answer.pid }),
      ...(stop === undefined || answer.again === true ? {} : { stopTold: stop.force ? 'forced' : 'asked' }),
    };
  } finally {
    await code.close();
  }
}

function workdirOf({ settings }: SshJob): string {
  if (settings.workdir !== undefined) return settings.workdir;
  throw new AppError('bad-config', `The target has "code: none" and no "workdir".`, {
    hint: 'Name the folder over there that commands run in as "workdir" of the target in trainyard.yaml.',
  });
}
