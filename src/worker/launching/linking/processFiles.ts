import { readdir, readFile, readlink } from 'node:fs/promises';
import { runEnvironment } from '../../../domain/runDirectory.ts';

const parallelReads = 32;
/** Variables are separated by NUL (man 5 proc_pid_environ). */
const runMark = new RegExp(`(?:^|\\0)${runEnvironment.runId}=([^\\0]+)`);

/** The processes of this machine at one moment, as far as their kinship goes. Linux only; elsewhere there are none. */
export class ProcessTable {
  readonly #parents: ReadonlyMap<number, number>;
  readonly #groups: ReadonlyMap<number, number>;

  private constructor(parents: ReadonlyMap<number, number>, groups: ReadonlyMap<number, number>) {
    this.#parents = parents;
    this.#groups = groups;
  }

  static async read(): Promise<ProcessTable> {
    const parents = new Map<number, number>();
    const groups = new Map<number, number>();
    const names = process.platform === 'linux' ? await readdir('/proc').catch(() => []) : [];
    await inBatches(names.map(Number).filter(Number.isInteger), async (pid) => {
      const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
      // Behind the command's name, which may hold anything: state, parent, group (man 5 proc).
      const [, parent, group] = text.slice(text.lastIndexOf(')') + 2).split(' ');
      if (text === '') return;
      parents.set(pid, Number(parent));
      groups.set(pid, Number(group));
    });
    return new ProcessTable(parents, groups);
  }

  /** A job's processes: its group, and whatever descends from its leader, since launchers of several processes make groups of their own. */
  ofJob(leader: number): readonly number[] {
    return [...this.#parents.keys()].filter((pid) => this.#groups.get(pid) === leader || this.#descends(pid, leader));
  }

  /** Processes by the run that their environment names, of those that this user may look at: also what another program started, as a SLURM daemon on this machine. */
  async byRun(): Promise<ReadonlyMap<string, readonly number[]>> {
    const marked = new Map<string, number[]>();
    await inBatches(this.except([]), async (pid) => {
      const text = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
      const runId = runMark.exec(text)?.[1];
      if (runId !== undefined) marked.set(runId, [...(marked.get(runId) ?? []), pid]);
    });
    return marked;
  }

  /** All others. */
  except(pids: readonly number[]): readonly number[] {
    const excluded = new Set(pids);
    return [...this.#parents.keys()].filter((pid) => !excluded.has(pid) && pid !== process.pid);
  }

  #descends(pid: number, ancestor: number): boolean {
    let current: number | undefined = pid;
    for (let depth = 0; current !== undefined && current > 1 && depth < 64; depth++) {
      if (current === ancestor) return true;
      current = this.#parents.get(current);
    }
    return false;
  }
}

/** Absolute paths of the regular places that some processes have open; with `toWrite` those only that they may write to. Those of other users cannot be seen. */
export async function openFilesOf(pids: readonly number[], toWrite = false): Promise<ReadonlySet<string>> {
  const files = new Set<string>();
  await inBatches(pids, async (pid) => {
    const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
    await inBatches(descriptors, async (descriptor) => {
      const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '');
      if (!target.startsWith('/') || /^\/(dev|proc|sys)\//.test(target) || target.endsWith(' (deleted)')) return;
      if (!toWrite || (await isOpenToWrite(pid, descriptor))) files.add(target);
    });
  });
  return files;
}

/** The argument vectors of some processes, each with its program. */
export async function commandsOf(pids: readonly number[]): Promise<readonly (readonly string[])[]> {
  const commands: (readonly string[])[] = [];
  await inBatches(pids, async (pid) => {
    const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (text !== '') commands.push(text.replace(/\0$/, '').split('\0'));
  });
  return commands;
}

/** The flags are octal; the last two bits are 0 for reading only (man 5 proc_pid_fdinfo, man 2 open). */
async function isOpenToWrite(pid: number, descriptor: string): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/fdinfo/${descriptor}`, 'utf8').catch(() => '');
  const flags = /^flags:\s*([0-7]+)$/m.exec(text)?.[1];
  return flags !== undefined && (Number.parseInt(flags, 8) & 3) !== 0;
}

async function inBatches<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let from = 0; from < items.length; from += parallelReads)
    await Promise.all(items.slice(from, from + parallelReads).map(work));
}
