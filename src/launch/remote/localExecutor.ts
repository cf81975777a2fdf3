import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { AppError } from '../../base/errors.ts';
import type { Executed, ExecuteOptions, Executor } from './executor.ts';

/** What a program may say before the rest is dropped; a listing of a thousand jobs is 100 kB. */
const maxOutputBytes = 32 * 1024 * 1024;

/** Code of a program that could not be started at all, as shells give it. */
export const notStartedCode = 127;

/** Runs programs on this machine, each in a process group of its own that ends with it. */
export class LocalExecutor implements Executor {
  readonly name = 'this machine';

  run(command: readonly string[], options: ExecuteOptions = {}): Promise<Executed> {
    const [program, ...args] = command;
    if (program === undefined) return Promise.reject(new AppError('bad-argument', 'There is no program to run.'));
    if (options.signal?.aborted) return Promise.reject(cancelled(program));
    const child = spawn(program, args, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...process.env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
      windowsHide: true,
    });
    // A program that does not read its input may have closed it; that is its own business.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
    return untilEnd(program, child, options);
  }

  async writeFile(file: string, content: Uint8Array | string): Promise<void> {
    await mkdir(path.dirname(file), { recursive: true });
    const temporary = `${file}.tmp-${process.pid}-${Math.random().toString(36).slice(2)}`;
    try {
      await writeFile(temporary, content, { mode: 0o600, flush: true });
      await rename(temporary, file);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  async readFile(
    file: string,
    from: number,
    maxBytes: number,
  ): Promise<{ readonly bytes: Uint8Array; readonly size: number } | undefined> {
    const handle = await open(file, 'r').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
      throw error;
    });
    if (handle === undefined) return undefined;
    try {
      const { size } = await handle.stat();
      const buffer = Buffer.alloc(Math.max(0, Math.min(maxBytes, size - from)));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, from);
      return { bytes: buffer.subarray(0, bytesRead), size };
    } finally {
      await handle.close();
    }
  }
}

function untilEnd(program: string, child: ChildProcess, { timeoutMs, signal }: ExecuteOptions): Promise<Executed> {
  return new Promise((resolve, reject) => {
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    const giveUp = (error: AppError) => {
      endTree(child);
      settle(() => reject(error));
    };
    const onAbort = () => giveUp(cancelled(program));
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => giveUp(late(program, timeoutMs)), timeoutMs);
    signal?.addEventListener('abort', onAbort, { once: true });
    function settle(how: () => void): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      how();
    }
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (child.pid !== undefined) return;
      const message = `${program} could not be started: ${error.message}\n`;
      settle(() => resolve({ code: notStartedCode, stdout: '', stderr: message }));
    });
    child.once('close', (code, ended) =>
      settle(() =>
        resolve({
          code: code ?? 128 + (ended === null ? 0 : os.constants.signals[ended]),
          stdout: stdout(),
          stderr: stderr(),
        }),
      ),
    );
  });
}

/** Gathers what a stream says; the result gives it as text. Decoding waits for the end, so that no letter is cut in two. */
function collect(stream: NodeJS.ReadableStream | null): () => string {
  const parts: Buffer[] = [];
  let length = 0;
  stream?.on('data', (part: Buffer) => {
    if (length < maxOutputBytes) parts.push(part);
    length += part.length;
  });
  return () => Buffer.concat(parts).toString('utf8');
}

function endTree(child: ChildProcess): void {
  // Whoever holds the pipes open beyond the kill must not keep this process from going on.
  child.stdout?.destroy();
  child.stderr?.destroy();
  try {
    if (child.pid === undefined) return;
    if (process.platform === 'win32') child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

function cancelled(program: string): AppError {
  return new AppError('cancelled', `${program} was given up.`);
}

function late(program: string, timeoutMs: number): AppError {
  return new AppError('timeout', `${program} gave no answer within ${timeoutMs / 1000} s and was ended.`, {
    hint: 'Try again; if it stays silent, look whether the service behind it runs.',
  });
}
