import { chmodSync } from 'node:fs';
import path from 'node:path';
import { runEnvironment, runFiles } from '../../domain/runDirectory.ts';
import { writeFileSynced } from '../files.ts';
import { arrayScript, jobScript } from './jobScript.ts';
import { slurmFiles } from './notes.ts';
import { resourceOptions } from './options.ts';
import type { SlurmJob } from './slurmJob.ts';

/** Where the cluster sees a run's files. */
export interface JobFiles {
  /** The run's directory and working directory as the nodes see them. */
  where(job: SlurmJob): { readonly runDirectory: string; readonly cwd: string };
  /** Brings what the job needs to where the nodes see it, and leaves the script there under its name in the run's directory. */
  send(job: SlurmJob, name: string, script: string): Promise<void>;
  /** Brings back what the job wrote. */
  fetch(job: SlurmJob): Promise<void>;
  /** Says over there that a stop was asked for. */
  tellStop(job: SlurmJob): Promise<void>;
}

/** Files of a cluster that sees the same disk as this machine. */
export const sharedFiles: JobFiles = {
  where: ({ place, record }) => ({ runDirectory: place.directory, cwd: record.cwd }),
  send: async ({ place }, name, script) => {
    const file = path.join(place.directory, name);
    writeFileSynced(file, script);
    chmodSync(file, 0o700);
  },
  fetch: async () => {},
  tellStop: async () => {},
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
  const { runDirectory, cwd } = files.where(job);
  const label = [`--comment=${job.note!.comment}`, `--job-name=${job.note!.jobName}`];
  const wanted = [...label, ...resourceOptions(job.settings), ...dependency];
  if (job.isScript) {
    const { command, env } = job.record;
    const words = path.basename(command[0] ?? '') === 'sbatch' ? command.slice(1) : command;
    return {
      args: [...wanted, ...words],
      cwd,
      env: { ...env, [runEnvironment.runId]: job.record.id, [runEnvironment.runDirectory]: runDirectory },
    };
  }
  const output = `--output=${outputName(runDirectory)}/${runFiles.log}`;
  const options = [...wanted, `--chdir=${runDirectory}`, output, '--open-mode=append'];
  const script = jobScript({ record: job.record, settings: job.settings, options, runDirectory, cwd });
  await files.send(job, slurmFiles.script, script);
  return { args: [...options, path.posix.join(runDirectory, slurmFiles.script)], cwd: runDirectory };
}

/** Writes the scripts of runs that ask for the same, and says how they are submitted as one array. */
export async function prepareArray(jobs: readonly SlurmJob[], files: JobFiles): Promise<Submission> {
  const first = jobs[0]!;
  const { settings, note } = first;
  const limit = settings.arrayLimit === undefined ? '' : `%${settings.arrayLimit}`;
  for (const job of jobs) {
    const { runDirectory, cwd } = files.where(job);
    await files.send(
      job,
      slurmFiles.script,
      jobScript({ record: job.record, settings, options: resourceOptions(settings), runDirectory, cwd }),
    );
  }
  const directories = jobs.map((job) => files.where(job).runDirectory);
  const options = [
    `--comment=${note!.comment}`,
    `--job-name=${note!.jobName}`,
    ...resourceOptions(settings),
    `--array=0-${jobs.length - 1}${limit}`,
    `--chdir=${directories[0]}`,
    `--output=${outputName(directories[0]!)}/slurm-array.log`,
    '--open-mode=append',
  ];
  await files.send(first, slurmFiles.arrayScript, arrayScript(options, directories));
  return { args: [...options, path.posix.join(directories[0]!, slurmFiles.arrayScript)], cwd: directories[0]! };
}

/** A folder as a file name of sbatch spells it: a backslash anywhere turns the replacement of % off and escapes (man sbatch, "filename pattern"). */
function outputName(folder: string): string {
  return folder.includes('\\') ? folder.replaceAll('\\', '\\\\') : folder.replaceAll('%', '%%');
}
