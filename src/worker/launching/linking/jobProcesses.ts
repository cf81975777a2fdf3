import { readState } from '../../../launch/local/jobFiles.ts';
import { isSameProcessAlive } from '../../../launch/local/processIdentity.ts';
import { isInside } from '../../runs/folders.ts';
import { type Followed, noteCommand, noteFiles } from './followed.ts';
import { commandsOf, openFilesOf, ProcessTable } from './processFiles.ts';

/** The processes of jobs on this machine, at the last look. */
export class JobProcesses {
  #table: ProcessTable | undefined;
  #own: number[] = [];

  /** Looks at the processes of all jobs that are at work, and notes what they have open. Gives the jobs of which there are any. */
  async look(jobs: readonly Followed[]): Promise<readonly Followed[]> {
    const atWork = jobs.filter(({ endedAt }) => endedAt === undefined);
    const table = await ProcessTable.read();
    // A cluster's daemon on this machine starts processes that are nobody's children here, but they name their run.
    const marked = atWork.every(({ isLocal }) => isLocal) ? undefined : await table.byRun();
    this.#table = table;
    this.#own = [];
    const seen: Followed[] = [];
    for (const job of atWork) {
      const pids = job.isLocal ? childrenOf(job, table) : (marked?.get(job.runId) ?? []);
      if (pids.length === 0) continue;
      this.#own.push(...pids);
      noteFiles(job, await openFilesOf(pids, true));
      for (const command of await commandsOf(pids)) noteCommand(job, command);
      seen.push(job);
    }
    return seen;
  }

  /** Whether a process of none of the jobs has something of a place open, as a program that somebody started by hand. */
  async isHeldByOthers(place: string): Promise<boolean> {
    const others = this.#table?.except(this.#own) ?? [];
    for (const file of await openFilesOf(others)) if (isInside(file, place) || file === `${place}-wal`) return true;
    return false;
  }
}

function childrenOf({ directory }: Followed, table: ProcessTable): readonly number[] {
  const child = readState(directory)?.child;
  return child !== undefined && isSameProcessAlive(child) ? table.ofJob(child.pid) : [];
}
