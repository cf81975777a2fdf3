import path from 'node:path';
import type { JsonObject } from '../../domain/json.ts';
import type { RunFacts } from '../../domain/records.ts';
import { parseLocalTime } from '../files/localTime.ts';
import { runName } from '../files/runName.ts';
import { resolveInterpolations } from './interpolate.ts';
import { type JobFiles, objectAt, textAt, valueAt } from './jobFiles.ts';

/** What the configuration of a job says: everything that does not change while it runs. */
export function configFacts(folder: string, root: string, files: JobFiles, sweep: string | undefined): RunFacts {
  const { config, hydra, overrides } = files;
  const resolved = config === undefined ? undefined : resolveInterpolations(config, hydra);
  const settings = settingsOf(files);
  const jobName = jobNameOf(files);
  const optional = {
    name: textAt(resolved, ['run_name']),
    project: textAt(resolved, ['task_name']) ?? jobName,
    group: sweep === undefined ? undefined : runName(root, sweep),
    cwd: textAt(hydra, ['runtime', 'cwd']),
    command: jobName === undefined ? undefined : ['python', `${jobName}.py`, ...overrides],
    config:
      resolved === undefined && settings === undefined
        ? undefined
        : { ...resolved, ...(settings === undefined ? {} : { hydra: settings }) },
    configFiles: files.files.length === 0 ? undefined : files.files,
    createdAt: timeInPath(textAt(hydra, ['runtime', 'output_dir']) ?? '') ?? timeInPath(folder),
  };
  return Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)) as RunFacts;
}

/**
 * Name of the program without `.py`, unless the program or the command line named the job. Lightning starts the other processes of a DDP run with a name of their
 * own in the same folder (lightning/fabric/strategies/launchers/subprocess_script.py).
 */
export function jobNameOf({ hydra }: JobFiles): string | undefined {
  const name = textAt(hydra, ['job', 'name'])?.replace(/_ddp_process_\d+$/, '');
  return name === undefined || /[/\\]/.test(name) ? undefined : name;
}

/** Name of the log that the job's logging was set up to write, where that can be told; else the job's own name. */
export function logNameOf(files: JobFiles): string | undefined {
  const { config = {}, hydra } = files;
  const file = valueAt(hydra, ['job_logging', 'handlers', 'file', 'filename']);
  const resolved = typeof file === 'string' ? resolveInterpolations({ ...config, file }, hydra)['file'] : undefined;
  const name = typeof resolved === 'string' ? resolved.split(/[/\\]/).at(-1)! : '';
  if (name !== '' && !name.includes('${') && !name.includes('}')) return name.replace(/_ddp_process_\d+/, '');
  const jobName = jobNameOf(files);
  return jobName === undefined ? undefined : `${jobName}.log`;
}

/** The id of the job on a cluster ("4711_3"). */
export function jobIdOf({ hydra }: JobFiles): string | undefined {
  return textAt(hydra, ['job', 'id']);
}

/** Whether the job says that it is one of a sweep. Versions before 1.2 have no mode, and a number in sweeps only. */
export function isOfMany({ hydra }: JobFiles): boolean {
  return (
    textAt(hydra, ['mode']) === 'MULTIRUN' ||
    (textAt(hydra, ['mode']) === undefined && typeof valueAt(hydra, ['job', 'num']) === 'number')
  );
}

/** Of Hydra's own settings, those that tell jobs apart. The rest is how Hydra prints its help. */
function settingsOf({ hydra, overrides }: JobFiles): JsonObject | undefined {
  const job = Object.fromEntries(
    (['name', 'num', 'id', 'config_name'] as const).flatMap((key) => {
      const value = valueAt(hydra, ['job', key]);
      return value === undefined || value === null || value === '???' ? [] : [[key, value]];
    }),
  );
  const choices = objectAt(hydra, ['runtime', 'choices']);
  const parts: JsonObject = {
    ...(Object.keys(job).length === 0 ? {} : { job }),
    ...(textAt(hydra, ['mode']) === undefined ? {} : { mode: textAt(hydra, ['mode'])! }),
    ...(overrides.length === 0 ? {} : { overrides }),
    // Groups of Hydra's own ("hydra/launcher") are the same everywhere but for the launcher.
    ...(choices === undefined ? {} : { choices: ownChoices(choices) }),
  };
  return Object.keys(parts).length === 0 ? undefined : parts;
}

function ownChoices(choices: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(choices).filter(([group]) => !group.startsWith('hydra/') || group === 'hydra/launcher'),
  );
}

/** The moment that Hydra put into the folder's name: `2026-01-08/12-12-03`, `2026-01-08_12-12-03`. */
function timeInPath(folder: string): number | undefined {
  const tail = folder.split(/[/\\]/).slice(-4).join('/');
  const found = [...tail.matchAll(/(\d{4}-\d\d-\d\d)[/_T -](\d\d-\d\d-\d\d)/g)].at(-1);
  return found === undefined ? undefined : parseLocalTime(`${found[1]} ${found[2]}`);
}

/** Folders in a job's folder that programs keep what they made in. */
const outputNames = ['checkpoints', 'ckpts', 'ckpt', 'weights', 'models', 'artifacts'] as const;

/** The absolute paths of those that are there. */
export function outputsIn(folder: string, names: ReadonlySet<string>): readonly string[] {
  return outputNames.filter((name) => names.has(name)).map((name) => path.join(folder, name));
}
