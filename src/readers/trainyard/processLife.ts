import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import type { ProcessIdentity } from '../../domain/runDirectory.ts';

/**
 * Whether a process that is named in a run directory still runs. `elsewhere`: it belongs to another boot or another machine (a shared disk), so this
 * machine cannot tell.
 */
export type ProcessLife = 'alive' | 'gone' | 'elsewhere';

export type AskProcess = (identity: ProcessIdentity) => Promise<ProcessLife>;

/** Asks the system. A pid alone proves nothing, since it is used again: the start time must be the same. */
export async function askSystem({ pid, startTime, bootId }: ProcessIdentity): Promise<ProcessLife> {
  if (process.platform === 'linux') {
    if ((await linuxBootId()) !== bootId) return 'elsewhere';
    return (await linuxStartTime(pid)) === startTime ? 'alive' : 'gone';
  }
  if (!pidExists(pid)) return 'gone';
  if (process.platform === 'win32') return 'alive';
  return (await psStartTime(pid)) === startTime ? 'alive' : 'gone';
}

async function linuxBootId(): Promise<string | undefined> {
  return readFile('/proc/sys/kernel/random/boot_id', 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );
}

/** Field 22 of /proc/PID/stat; undefined for a process that is gone or a zombie. The name in field 2 may hold spaces and parentheses (man 5 proc). */
async function linuxStartTime(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

/** The start as `ps` words it, words joined by single spaces: the form in which the shim notes it. */
function psStartTime(pid: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { timeout: 5000 }, (error, stdout) => {
      const [state = 'Z', ...start] = stdout.trim().split(/\s+/);
      resolve(error === null && !state.startsWith('Z') ? start.join(' ') : undefined);
    });
  });
}

function pidExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM';
  }
}
