import { AppError, toErrorInfo } from '../../base/errors.ts';
import type { NamedTarget, TargetKind, TargetReport, TargetSettings } from '../../domain/target.ts';
import { templateProblems } from '../../launch/command/templates.ts';
import { reportModal } from '../../launch/modal/modalTarget.ts';
import { reportSlurm } from '../../launch/slurm/report.ts';
import { slurmExecutor } from '../../launch/slurm/slurmExecutor.ts';
import { reportSsh } from '../../launch/ssh/report.ts';
import { isStarted } from '../../scheduler/queue.ts';
import type { WorkerServices } from '../services.ts';
import { reportLocal } from './reportLocal.ts';

type Of<K extends TargetKind> = Extract<TargetSettings, { kind: K }>;

/** What a report may use beside the settings. */
export interface ReportAbout {
  readonly worker: Pick<WorkerServices, 'gpus' | 'scheduler' | 'sshHosts'>;
  readonly name: string;
  readonly folder: string;
  readonly signal: AbortSignal;
}

/** How each kind of target is looked at; undefined where there is nothing to ask before a launch. */
const reports: {
  readonly [K in TargetKind]: ((settings: Of<K>, about: ReportAbout) => Promise<TargetReport>) | undefined;
} = {
  local: async (_, { worker, folder }) => reportLocal(folder, await worker.gpus.look(), givenGpus(worker)),
  ssh: (settings, { worker, name, signal }) => reportSsh(name, settings, worker.sshHosts, signal),
  slurm: (settings, { worker, name, signal }) =>
    reportSlurm(name, settings, slurmExecutor(worker.sshHosts, settings), signal),
  modal: (settings, { name }) => reportModal(name, settings),
  command: async (settings, { name }) => {
    const problems = templateProblems(settings);
    return { name, kind: 'command', usable: problems.length === 0, lines: [], problems };
  },
};

/** Looks at a target now. What goes wrong is a problem in the answer; only a cancelled look throws. */
export async function reportTarget({ name, settings }: NamedTarget, about: ReportAbout): Promise<TargetReport> {
  const report = reports[settings.kind] as
    | ((settings: TargetSettings, about: ReportAbout) => Promise<TargetReport>)
    | undefined;
  if (report === undefined) return { name, kind: settings.kind, usable: true, lines: [], problems: [] };
  try {
    return { ...(await report(settings, about)), name };
  } catch (error) {
    if (error instanceof AppError && error.code === 'cancelled') throw error;
    about.signal.throwIfAborted();
    const { message, hint } = toErrorInfo(error);
    return {
      name,
      kind: settings.kind,
      usable: false,
      lines: [],
      problems: [hint === undefined ? message : `${message} ${hint}`],
    };
  }
}

function givenGpus({ scheduler }: Pick<WorkerServices, 'scheduler'>): ReadonlySet<string> {
  return new Set(scheduler.jobs.filter(isStarted).flatMap((job) => job.assigned ?? []));
}
