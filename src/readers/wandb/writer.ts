import { readFile } from 'node:fs/promises';
import os from 'node:os';

/** Whether the program that wrote a run still runs on this machine. `elsewhere`: it ran on another one, or nobody knows where. */
export type WriterLife = 'alive' | 'gone' | 'elsewhere';

/** The program's process, as the run's debug log names it, and the machine where it ran. */
export interface Writer {
  readonly pid: number | undefined;
  readonly host: string | undefined;
  /** When it began to log, in seconds since 1970. */
  readonly startedAt: number | undefined;
}

/** Asks the system about a process of this machine: whether it is there, and since when, where that can be known. */
export type AskProcess = (pid: number) => Promise<{ readonly startedAt?: number } | undefined>;

/** A process that began later than this after the run has got the number of one that is gone. */
const slackSeconds = 60;

export async function writerLife({ pid, host, startedAt }: Writer, ask: AskProcess = askSystem): Promise<WriterLife> {
  if (pid === undefined || host === undefined || host !== os.hostname()) return 'elsewhere';
  const found = await ask(pid);
  if (found === undefined) return 'gone';
  const isLater =
    found.startedAt !== undefined && startedAt !== undefined && found.startedAt > startedAt + slackSeconds;
  return isLater ? 'gone' : 'alive';
}

/** The number of the process in the first line of debug.log: "2026-03-12 02:50:07,907 INFO    MainThread:2980 [wandb_setup.py:_flush():81] …". */
export function pidInDebugLog(head: string): number | undefined {
  const found = /^\S+ \S+ [A-Z]+ +\S+?:(\d+) \[/m.exec(head)?.[1];
  return found === undefined ? undefined : Number(found);
}

async function askSystem(pid: number): Promise<{ readonly startedAt?: number } | undefined> {
  if (process.platform === 'linux') return linuxProcess(pid);
  try {
    process.kill(pid, 0);
    return {};
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM' ? {} : undefined;
  }
}

/** Start time in ticks since boot is field 22 of /proc/PID/stat; 100 ticks are a second wherever Linux runs (man 5 proc, USER_HZ). */
async function linuxProcess(pid: number): Promise<{ readonly startedAt?: number } | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  const ticks = Number(fields[19]);
  const boot = /^btime (\d+)$/m.exec(await readFile('/proc/stat', 'utf8').catch(() => ''))?.[1];
  return boot === undefined || Number.isNaN(ticks) ? {} : { startedAt: Number(boot) + ticks / 100 };
}
