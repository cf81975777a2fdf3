import type { Environment } from './state.ts';

/** The name of a variable of SLURM as it is kept: without its prefix, in small letters. */
export function slurmName(variable: string): string {
  return variable.toLowerCase().replace(/^slurm_/, '');
}

/** The job that the variables tell, as SLURM names its output: the array and the number within it where there is one. */
export function slurmJobOf({ slurm }: Environment): string | undefined {
  if (slurm === undefined) return undefined;
  const { array_job_id: array, array_task_id: task, jobid, job_id: job = jobid } = slurm;
  return array !== undefined && task !== undefined ? `${array}_${task}` : job;
}
