import type { SlurmSettings } from '../../domain/target.ts';
import type { Executor } from '../remote/executor.ts';
import { LocalExecutor } from '../remote/localExecutor.ts';
import type { SshHosts } from '../ssh/sshHosts.ts';

const here = new LocalExecutor();

/** Where the programs of SLURM run: on this machine, or on the login node behind ssh. */
export function slurmExecutor(hosts: SshHosts, { ssh }: SlurmSettings): Executor {
  return ssh === undefined ? here : hosts.executor(ssh);
}
