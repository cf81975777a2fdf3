import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { type ProcessIdentity, runEnvironment } from '../../domain/runDirectory.ts';

let knownBootId: string | undefined;

/** Identity of a process that runs now, or undefined where there is none with that pid. A zombie has ended. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const startTime = startTimeOf(pid);
  return startTime === undefined ? undefined : { pid, startTime, bootId: bootId() };
}

/** Whether that very process still runs: same pid, same start, same boot of the machine. */
export function isSameProcessAlive(identity: ProcessIdentity): boolean {
  return identity.bootId === bootId() && startTimeOf(identity.pid) === identity.startTime;
}

/**
 * The process that was started for a run and was orphaned before its identity was noted: found by the variable in its environment.
 * Linux only; undefined elsewhere.
 */
export function findRunProcess(runId: string, except: readonly number[]): ProcessIdentity | undefined {
  if (process.platform !== 'linux') return undefined;
  const wanted = `${runEnvironment.runId}=${runId}`;
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || except.includes(pid)) continue;
    // A job leads its own group; its children carry the variable too.
    if (statFields(pid)?.[2] === name && environmentHolds(pid, wanted)) {
      const found = identifyProcess(pid);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/**
 * Sends a signal to a process and everything it started, where the system has process groups. SIGKILL also reaches what it started in sessions of their
 * own, as torchrun does: nobody else would end those once it is gone.
 */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  const apart = signal === 'SIGKILL' && process.platform === 'linux' ? descendantsApart(pid) : [];
  try {
    if (process.platform === 'win32') killTree(pid, signal);
    else process.kill(-pid, signal);
  } catch {
    // It has ended meanwhile, which is what the signal was for.
  }
  for (const one of apart) {
    try {
      process.kill(one, signal);
    } catch {
      // The same.
    }
  }
}

/** Descendants of a process that are not of its group. */
function descendantsApart(leader: number): readonly number[] {
  const children = new Map<number, number[]>();
  const groups = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    const fields = Number.isInteger(pid) ? statFields(pid) : undefined;
    if (fields === undefined) continue;
    const parent = Number(fields[1]);
    groups.set(pid, Number(fields[2]));
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const found: number[] = [];
  for (const queue = [leader]; queue.length > 0; ) {
    const below = children.get(queue.pop()!) ?? [];
    queue.push(...below);
    found.push(...below.filter((pid) => groups.get(pid) !== leader));
  }
  return found;
}

function startTimeOf(pid: number): string | undefined {
  if (process.platform === 'linux') return linuxStartTime(pid);
  if (process.platform === 'win32') return pidExists(pid) ? 'unknown' : undefined;
  return psStartTime(pid);
}

function linuxStartTime(pid: number): string | undefined {
  const fields = statFields(pid);
  const state = fields?.[0];
  return state === 'Z' || state === 'X' ? undefined : fields?.[19];
}

/** /proc/PID/stat from field 3 (state) on; the command name in field 2 may hold blanks and parentheses (man 5 proc). */
function statFields(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

function psStartTime(pid: number): string | undefined {
  try {
    const [state = '', ...start] = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      timeout: 5_000,
    })
      .trim()
      .split(/\s+/);
    return state === '' || state.startsWith('Z') ? undefined : start.join(' ');
  } catch {
    return undefined;
  }
}

function pidExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function bootId(): string {
  knownBootId ??= readBootId();
  return knownBootId;
}

function readBootId(): string {
  try {
    if (process.platform === 'linux') return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    if (process.platform === 'darwin') {
      return execFileSync('sysctl', ['-n', 'kern.bootsessionuuid'], { encoding: 'utf8', timeout: 5_000 }).trim();
    }
  } catch {
    // Without it the start time alone must do.
  }
  return 'unknown';
}

function environmentHolds(pid: number, assignment: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(assignment);
  } catch {
    return false;
  }
}

/** Windows has no signals: a request to end is passed to the tree, a kill is forced. */
function killTree(pid: number, signal: NodeJS.Signals): void {
  const force = signal === 'SIGKILL' ? ['/F'] : [];
  execFileSync('taskkill', ['/PID', String(pid), '/T', ...force], { stdio: 'ignore', timeout: 5_000 });
}
