import { AppError } from '../../base/errors.ts';
import { fail, ok, type Result } from '../../base/result.ts';
import type { Executed, Executor } from '../remote/executor.ts';
import {
  type JobRow,
  parseSacct,
  parseScontrol,
  parseSqueue,
  sacctFormat,
  slurmEnvironment,
  squeueFormat,
} from './texts.ts';

/** A controller that is down lets squeue wait 18 s before it says so. */
const commandTimeoutMs = 40_000;
/** Jobs that are asked for one by one in a period, where the cluster keeps no accounts. */
const maxShown = 20;

/** Why a job was not submitted: the cluster will never take it, cannot take it now, or gave no clear answer, so that it may have taken it. */
export type SubmitProblem = 'refused' | 'later' | 'unknown';

/** The commands of one SLURM cluster, where an executor runs them. Every one has a time limit; "no answer" is an error and never an empty list. */
export class Cluster {
  readonly executor: Executor;
  #hasAccounts: boolean | undefined;
  #maxArraySize: Promise<number> | undefined;

  constructor(executor: Executor) {
    this.executor = executor;
  }

  /** Submits with these arguments of sbatch, `--parsable` excluded. Gives the job's number. */
  async submit(
    args: readonly string[],
    where: { readonly cwd: string; readonly env?: { readonly [name: string]: string } },
  ): Promise<Result<string, SubmitProblem>> {
    let answer: Executed;
    try {
      answer = await this.#run(['sbatch', '--parsable', ...args], where);
    } catch (error) {
      return fail('unknown', (error as Error).message);
    }
    const id = /^(\d+)(;\S*)?$/m.exec(answer.stdout)?.[1];
    if (answer.code === 0 && id !== undefined) return ok(id);
    const said = complaintOf(answer);
    return fail(answer.code === 0 ? 'unknown' : submitProblem(said), said);
  }

  /** All of the user's jobs that the controller still knows: those that wait or run, and those that ended within its MinJobAge. */
  async queue(): Promise<readonly JobRow[]> {
    const answer = await this.#run(['squeue', '-h', '-r', '--me', '-t', 'all', '-o', squeueFormat]);
    if (answer.code !== 0) throw silent(this.executor, complaintOf(answer));
    return parseSqueue(answer.stdout);
  }

  /** What the accounts say of some jobs; where there are none, what the controller remembers of them one by one. */
  async history(ids: readonly string[]): Promise<readonly JobRow[]> {
    if (ids.length === 0) return [];
    if (this.#hasAccounts !== false) {
      const rows = await this.#accounts(['-j', ids.join(',')]);
      if (rows !== undefined) return rows;
    }
    const shown = await Promise.all(ids.slice(0, maxShown).map((id) => this.show(id)));
    return shown.flat();
  }

  /** What the controller remembers of a job: nothing some minutes after its end. */
  async show(id: string): Promise<ReturnType<typeof parseScontrol>> {
    const answer = await this.#run(['scontrol', 'show', 'job', '-o', id]);
    if (answer.code === 0) return parseScontrol(answer.stdout);
    if (/Invalid job id/i.test(answer.stderr)) return [];
    throw silent(this.executor, complaintOf(answer));
  }

  /** Jobs with this comment and name, from the queue or else from the accounts since a moment in seconds since 1970. */
  async find(comment: string, jobName: string, since: number): Promise<readonly JobRow[]> {
    const label = `${comment}|${jobName}`;
    const queued = (await this.queue()).filter((row) => row.label === label);
    if (queued.length > 0 || this.#hasAccounts === false) return queued;
    const age = Math.ceil(Math.max(0, Date.now() / 1000 - since)) + 60;
    const rows = await this.#accounts(['-S', `now-${age}seconds`]);
    return (rows ?? []).filter((row) => row.label === label);
  }

  /** Ends jobs: pending ones at once, running ones by SIGTERM and, after the cluster's KillWait, SIGKILL. */
  async cancel(ids: readonly string[]): Promise<void> {
    await this.#cancel(ids);
  }

  /** Sends SIGINT to the batch shells alone. */
  async interrupt(ids: readonly string[]): Promise<void> {
    await this.#cancel(['--signal=INT', '--batch', ...ids]);
  }

  /** How many tasks an array may have. */
  maxArraySize(): Promise<number> {
    this.#maxArraySize ??= this.#run(['scontrol', 'show', 'config']).then(
      ({ stdout }) => Number(/^MaxArraySize\s*=\s*(\d+)/m.exec(stdout)?.[1] ?? 1001),
      () => {
        this.#maxArraySize = undefined;
        return 1001;
      },
    );
    return this.#maxArraySize;
  }

  /** Text of a command that only tells; undefined where it fails or is not there. */
  async tell(command: readonly string[]): Promise<string | undefined> {
    const answer = await this.#run(command);
    return answer.code === 0 ? answer.stdout : undefined;
  }

  async #accounts(args: readonly string[]): Promise<readonly JobRow[] | undefined> {
    const answer = await this.#run(['sacct', '-n', '-X', '-P', '-o', sacctFormat, ...args]);
    if (answer.code === 0) {
      this.#hasAccounts = true;
      return parseSacct(answer.stdout);
    }
    if (/accounting storage is disabled/i.test(answer.stderr) || answer.code === 127) {
      this.#hasAccounts = false;
      return undefined;
    }
    throw silent(this.executor, complaintOf(answer));
  }

  async #cancel(args: readonly string[]): Promise<void> {
    const answer = await this.#run(['scancel', ...args]);
    // A job that has ended meanwhile is what was wanted.
    const isOver = /Invalid job id|already completed|completing|not running|Job\/step already/i.test(answer.stderr);
    if (answer.code !== 0 && !isOver) throw silent(this.executor, complaintOf(answer));
  }

  #run(
    command: readonly string[],
    options: { readonly cwd?: string; readonly env?: { readonly [name: string]: string } } = {},
  ): Promise<Executed> {
    return this.executor.run(command, {
      ...options,
      env: { ...options.env, ...slurmEnvironment },
      timeoutMs: commandTimeoutMs,
    });
  }
}

/** What a command said of its trouble, in one line. */
function complaintOf({ stderr, stdout, code }: Executed): string {
  const lines = (stderr.trim() === '' ? stdout : stderr)
    .split('\n')
    .map((line) => line.replace(/^(sbatch|squeue|sacct|scontrol|scancel|slurm_\w+)( error)?: /, '').trim())
    .filter((line) => line !== '');
  return lines.join(' ') || `exit code ${code} without a word`;
}

/** Messages of sbatch (slurm_errno.c of SLURM): limits that pass, a controller that is away, and everything else, which is the request's own fault. */
function submitProblem(said: string): SubmitProblem {
  if (/timed out|Zero Bytes|Unexpected message|Connection (reset|refused)|send\/recv|Transport/i.test(said))
    return 'unknown';
  if (/Unable to contact slurm controller|communication/i.test(said)) return 'unknown';
  if (
    /Max(imum)?Submit|job submit limit|violates accounting\/QOS policy|temporarily|try again|Slurm backup controller|not responding/i.test(
      said,
    )
  )
    return 'later';
  return 'refused';
}

function silent(executor: Executor, said: string): AppError {
  return new AppError('unreachable', `SLURM on ${executor.name} gives no answer: ${said}`, {
    hint: 'It is asked again; what was started goes on meanwhile.',
  });
}
