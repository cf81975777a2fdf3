import type { Disposable, Disposables } from '../base/disposables.ts';
import type { RunId } from '../domain/ids.ts';
import type { TargetKind } from '../domain/target.ts';
import { CommandTarget } from '../launch/command/commandTarget.ts';
import { LocalTarget } from '../launch/local/localTarget.ts';
import { ModalTarget } from '../launch/modal/modalTarget.ts';
import { LocalExecutor } from '../launch/remote/localExecutor.ts';
import { slurmExecutor, slurmFilesOf } from '../launch/slurm/slurmExecutor.ts';
import { SlurmTarget } from '../launch/slurm/slurmTarget.ts';
import type { SshHosts } from '../launch/ssh/sshHosts.ts';
import { SshTarget } from '../launch/ssh/sshTarget.ts';
import type { LaunchTarget } from '../launch/target.ts';
import type { Installation } from './installation.ts';
import { logLine } from './log.ts';

/** A target of every kind; one that is missing does not compile. */
export interface Targets extends Record<TargetKind, LaunchTarget & Disposable> {
  readonly local: LocalTarget;
}

export interface TargetsOptions {
  readonly installation: Installation;
  readonly sshHosts: SshHosts;
  /** Where the run of a job lies, as far as it is known. */
  readonly directoryOf: (runId: RunId) => string | undefined;
  /** How long a stopped job may take after SIGINT, and then after SIGTERM. */
  readonly patience: { readonly interruptMs?: number; readonly terminateMs?: number };
}

/** Opens every target; `owner` ends them. */
export function openTargets(owner: Disposables, options: TargetsOptions): Targets {
  const { installation, sshHosts, directoryOf, patience } = options;
  const { node, env } = installation;
  return {
    local: owner.add(new LocalTarget({ shimFile: installation.shim, node, env, ...patience, log: 2 })),
    ssh: owner.add(new SshTarget({ hosts: sshHosts, complain: logLine, ...patience })),
    slurm: owner.add(
      new SlurmTarget({
        executorFor: (settings) => slurmExecutor(sshHosts, settings),
        filesFor: (settings) => slurmFilesOf(sshHosts, settings),
        directoryOf,
        complain: logLine,
        ...patience,
      }),
    ),
    modal: owner.add(new ModalTarget({ runnerFile: installation.modal, node, env, log: 2 })),
    command: owner.add(new CommandTarget(new LocalExecutor())),
  };
}
