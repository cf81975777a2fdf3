import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

const patienceSeconds = 5;

/**
 * Does something while an exclusive `flock` is held on the file, the lock that the repository's scripts take. Node has no call for it, so the
 * `flock` program of util-linux holds it for us: `cat` under it answers once the lock is there and leaves when its input closes. Where there is
 * no such program (macOS, Windows) the work is done without; the writer's check of the file's identity still guards it.
 */
export async function withFileLock<T>(
  file: string,
  work: () => T,
): Promise<{ readonly value: T; readonly wasLocked: boolean }> {
  const holder = spawn('flock', ['--exclusive', '--timeout', String(patienceSeconds), file, 'cat'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ended = Promise.race([once(holder, 'exit'), once(holder, 'error')]).catch(() => {});
  holder.stdin.on('error', () => {});
  try {
    holder.stdin.write('\n');
    const wasLocked = await Promise.race([
      once(holder.stdout, 'data').then(() => true),
      ended.then(() => false),
      delay((patienceSeconds + 1) * 1000, false, { ref: false }),
    ]).catch(() => false);
    return { value: work(), wasLocked };
  } finally {
    holder.stdin.end();
    await Promise.race([ended, delay(1000, undefined, { ref: false })]);
    if (holder.exitCode === null && holder.pid !== undefined) holder.kill();
  }
}
