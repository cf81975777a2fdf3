import { AppError } from '../../base/errors.ts';
import type { SlurmSettings } from '../../domain/target.ts';
import type { Executor } from '../remote/executor.ts';
import { LocalExecutor } from '../remote/localExecutor.ts';
import type { SshHosts } from '../ssh/sshHosts.ts';
import { DistantFiles } from './distantFiles.ts';
import { type JobFiles, sharedFiles } from './place.ts';

const here = new LocalExecutor();

/** Where the programs of SLURM run: on this machine, or on the login node behind ssh. */
export function slurmExecutor(hosts: SshHosts, { ssh }: SlurmSettings): Executor {
  return ssh === undefined ? here : hosts.executor(ssh);
}

/** How files get to the cluster: not at all where it sees this machine's disk, else by its login node. */
export function slurmFilesOf(hosts: SshHosts, settings: SlurmSettings): JobFiles {
  const { ssh, shared = ssh === undefined } = settings;
  if (shared) return sharedFiles;
  if (ssh !== undefined) return new DistantFiles(hosts.host(ssh), settings);
  throw new AppError('bad-config', "A cluster that does not see this machine's disk needs a login node.", {
    hint: 'Name its host as "ssh" of the target in trainyard.yaml, or leave "shared" away.',
  });
}
