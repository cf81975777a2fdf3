import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runEnvironment, runFiles } from '../../domain/runDirectory.ts';
import type { RemotePlace } from '../ssh/mirror.ts';
import { arrayScript, jobScript } from './jobScript.ts';
import type { JobSite } from './jobSite.ts';
import { slurmFiles } from './notes.ts';
import { resourceOptions } from './options.ts';
import type { SlurmJob } from './slurmJob.ts';
import { scriptWords } from './userScript.ts';

/** How a run's files get to where the nodes see them, and back. */
export interface JobFiles {
  /** Brings code and inputs over; doing it twice does no harm. */
  prepare(job: SlurmJob): Promise<JobSite>;
  /** Leaves a script in the run's directory over there. */
  send(job: SlurmJob, site: JobSite, name: string, script: string): Promise<void>;
  /** Brings back what the jobs wrote. */
  fetch(jobs: readonly SlurmJob[]): Promise<void>;
  /** Says over there that a stop was asked for. */
  tellStop(job: SlurmJob): Promise<void>;
  /** A file over there as it is called from the run's directory here; undefined where it does not come here. */
  nameHere(job: SlurmJob, file: string): string | undefined;
  /** Where the run lies over there; undefined where that is its directory here. */
  remotePlace(job: SlurmJob): Promise<RemotePlace | undefined>;
}

/** Files of a cluster that sees the same disk as this machine. */
export const sharedFiles: JobFiles = {
  prepare: async ({ place, record: { command, cwd, env } }) => ({ runDirectory: place.directory, command, cwd, env }),
  // It is made anew with every submission, so nothing is lost with it.
  send: ({ place }, _, name, script) => writeFile(path.join(place.directory, name), script, { mode: 0o700 }),
  fetch: async () => {},
  tellStop: async () => {},
  nameHere: (_, file) => file,
  remotePlace: async () => undefined,
};

/** Arguments of sbatch for one run, and the folder and variables to call it with. */
export interface Submission {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: { readonly [name: string]: string };
}

/** Writes the script of a run and says how it is submitted. A user's own script is submitted as it is. */
export async function prepareSingle(
  job: SlurmJob,
  files: JobFiles,
  dependency: readonly string[],
): Promise<Submission> {
  const site = await files.prepare(job);
  const { runDirectory } = site;
  const label = [`--comment=${job.note!.comment}`, `--job-name=${job.note!.jobName}`];
  const wanted = [...label, ...resourceOptions(job.settings), ...dependency];
  if (job.isScript) {
    const { command, env, cwd } = site;
    return {
      args: [
        ...wanted,
        ...scriptWords({ entry: job.record.commandLaunch?.entry, command: job.record.command }, command),
      ],
      cwd,
      env: { ...env, [runEnvironment.runId]: job.record.id, [runEnvironment.runDirectory]: runDirectory },
    };
  }
  const output = `--output=${outputName(runDirectory)}/${runFiles.log}`;
  const options = [...wanted, `--chdir=${runDirectory}`, output, '--open-mode=append'];
  const script = jobScript({ record: job.record, settings: job.settings, options, site });
  await files.send(job, site, slurmFiles.script, script);
  return { args: [...options, path.posix.join(runDirectory, slurmFiles.script)], cwd: runDirectory };
}

/** Writes the scripts of runs that ask for the same, and says how they are submitted as one array. */
export async function prepareArray(jobs: readonly SlurmJob[], files: JobFiles): Promise<Submission> {
  const first = jobs[0]!;
  const { settings, note } = first;
  const limit = settings.arrayLimit === undefined ? '' : `%${settings.arrayLimit}`;
  const sites: JobSite[] = [];
  for (const job of jobs) {
    const site = await files.prepare(job);
    const script = jobScript({ record: job.record, settings, options: resourceOptions(settings), site });
    await files.send(job, site, slurmFiles.script, script);
    sites.push(site);
  }
  const directories = sites.map(({ runDirectory }) => runDirectory);
  const options = [
    `--comment=${note!.comment}`,
    `--job-name=${note!.jobName}`,
    ...resourceOptions(settings),
    `--array=0-${jobs.length - 1}${limit}`,
    `--chdir=${directories[0]}`,
    `--output=${outputName(directories[0]!)}/slurm-array.log`,
    '--open-mode=append',
  ];
  await files.send(first, sites[0]!, slurmFiles.arrayScript, arrayScript(options, directories));
  return { args: [...options, path.posix.join(directories[0]!, slurmFiles.arrayScript)], cwd: directories[0]! };
}

/** A folder as a file name of sbatch spells it: a backslash anywhere turns the replacement of % off and escapes (man sbatch, "filename pattern"). */
function outputName(folder: string): string {
  return folder.includes('\\') ? folder.replaceAll('\\', '\\\\') : folder.replaceAll('%', '%%');
}
