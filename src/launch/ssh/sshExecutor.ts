import { inflateSync } from 'node:zlib';
import { AppError } from '../../base/errors.ts';
import type { Executed, ExecuteOptions, Executor } from '../remote/executor.ts';
import type { SshHost } from './sshHost.ts';

/** The agent ends the program itself; only where it is silent, this side gives up. */
const graceMs = 10_000;
const fileMs = 120_000;
/** Largest piece of one answer. */
const pieceBytes = 4 * 1024 * 1024;

/** Runs programs on a host behind ssh. Arguments travel as data, so no shell ever sees them. `~/` at the start of a path is the home over there. */
export class SshExecutor implements Executor {
  readonly name: string;
  readonly #host: SshHost;

  constructor(host: SshHost) {
    this.#host = host;
    this.name = host.place.host;
  }

  async run(command: readonly string[], options: ExecuteOptions = {}): Promise<Executed> {
    if (command.length === 0) throw new AppError('bad-argument', 'There is no program to run.');
    const { cwd, env, input, timeoutMs, signal } = options;
    const { result, content } = await this.#host.call(
      'run',
      {
        command,
        ...(cwd === undefined ? {} : { cwd }),
        ...(env === undefined ? {} : { env }),
        ...(timeoutMs === undefined ? {} : { timeout: timeoutMs / 1000 }),
      },
      {
        content: Buffer.from(input ?? ''),
        ...(timeoutMs === undefined ? {} : { timeoutMs: timeoutMs + graceMs }),
        ...(signal === undefined ? {} : { signal }),
      },
    );
    const bytes = Buffer.from(content);
    return {
      code: result.code,
      stdout: bytes.toString('utf8', 0, result.out),
      stderr: bytes.toString('utf8', result.out),
    };
  }

  async writeFile(file: string, content: Uint8Array | string): Promise<void> {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    await this.#host.call('write', { path: file }, { content: bytes, timeoutMs: fileMs });
  }

  async readFile(
    file: string,
    from: number,
    maxBytes: number,
  ): Promise<{ readonly bytes: Uint8Array; readonly size: number } | undefined> {
    const parts: Uint8Array[] = [];
    let size = 0;
    for (let position = from, left = maxBytes; ; ) {
      const max = Math.min(left, pieceBytes);
      const { result, content } = await this.#host.call(
        'read',
        { path: file, from: position, max },
        { timeoutMs: fileMs },
      );
      if (!result.found) return undefined;
      const bytes = result.packed ? inflateSync(content) : content;
      size = result.size;
      // A file that became shorter than what was asked for is answered from its start; here that is "nothing more".
      if (result.from !== position || bytes.length === 0) break;
      parts.push(bytes);
      position += bytes.length;
      left -= bytes.length;
      if (left <= 0 || position >= size) break;
    }
    return { bytes: Buffer.concat(parts), size };
  }
}
