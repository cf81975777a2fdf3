import { AppError } from '../../base/errors.ts';
import type { SlurmResources, SlurmSettings } from '../../domain/target.ts';

/** sbatch's option for each resource. */
const optionNames = {
  partition: '--partition',
  account: '--account',
  qos: '--qos',
  gres: '--gres',
  time: '--time',
  nodes: '--nodes',
  tasks: '--ntasks',
  cpusPerTask: '--cpus-per-task',
  mem: '--mem',
  constraint: '--constraint',
} as const satisfies { [K in keyof Required<Omit<SlurmResources, 'options'>>]: string };

type ResourceKey = keyof typeof optionNames;

const resourceKeys = Object.keys(optionNames) as readonly ResourceKey[];

/** Options of sbatch for what is asked for, one argument each. Throws `bad-config` for text that cannot be an option. */
export function resourceOptions(settings: SlurmSettings): readonly string[] {
  const named = resourceKeys
    .filter((key) => settings[key] !== undefined && settings[key] !== '')
    .map((key) => `${optionNames[key]}=${settings[key]}`);
  const requeue = settings.requeue === undefined ? [] : [settings.requeue ? '--requeue' : '--no-requeue'];
  const warning = settings.warnSeconds === undefined ? [] : [`--signal=B:USR1@${settings.warnSeconds}`];
  const options = [...named, ...requeue, ...warning, ...(settings.options ?? [])];
  const [problem] = optionProblems(options);
  if (problem !== undefined) {
    throw new AppError('bad-config', problem, {
      hint: 'Write each option as one argument, for instance "--exclude=node7".',
    });
  }
  return options;
}

/** What cannot be an option of sbatch, in sentences. */
export function optionProblems(options: readonly string[]): readonly string[] {
  return options
    .filter((option) => !/^-/.test(option) || /[\0\n]/.test(option))
    .map((option) => `${JSON.stringify(option)} is no option of sbatch.`);
}
