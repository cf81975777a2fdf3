import { type ChildProcess, spawn } from 'node:child_process';
import type { Disposable } from '../../base/disposables.ts';
import { AppError, type ErrorCode } from '../../base/errors.ts';
import type { SshPlace } from '../../domain/target.ts';
import type { AgentCalls } from './agentCalls.ts';
import { agentSource } from './agentSource.ts';
import { encodeFrame, type Frame, FrameParser } from './frames.ts';
import { sshArguments } from './sshCommand.ts';
import { explainSshEnd } from './sshFailure.ts';

const maxComplaint = 16 * 1024;
const endPatienceMs = 1_000;

export interface AgentAnswer<K extends keyof AgentCalls> {
  readonly result: AgentCalls[K]['result'];
  readonly content: Uint8Array;
}

export interface CallOptions {
  readonly content?: Uint8Array;
  /** Throws `timeout` after so long; the call itself may go on over there. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** How ssh asks people; absent: it does not. */
export interface PromptChannel {
  readonly env: { readonly [name: string]: string };
  /** The last question that nobody answered. */
  readonly unanswered: () => string | undefined;
}

interface Waiting {
  readonly resolve: (frame: { result: unknown; content: Uint8Array }) => void;
  readonly reject: (error: AppError) => void;
}

/** One ssh with an agent at its other end. Ends for good when either ends. */
export class AgentConnection implements Disposable {
  readonly #place: SshPlace;
  readonly #ssh: ChildProcess;
  readonly #prompts: PromptChannel | undefined;
  readonly #parser = new FrameParser();
  readonly #waiting = new Map<number, Waiting>();
  #complaint = '';
  #nextId = 1;
  #end: AppError | undefined;

  constructor(place: SshPlace, prompts?: PromptChannel) {
    this.#place = place;
    this.#prompts = prompts;
    // A session of its own: ssh must not find a terminal to ask on, and a Ctrl+C there must not reach it.
    this.#ssh = spawn('ssh', sshArguments(place, { canAsk: prompts !== undefined }), {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
      windowsHide: true,
      env: { ...process.env, ...prompts?.env },
    });
    this.#ssh.stdin!.on('error', () => {});
    this.#ssh.stdout!.on('data', (part: Buffer) => this.#receive(part));
    this.#ssh.stderr!.on('data', (part: Buffer) => {
      this.#complaint = (this.#complaint + part.toString('utf8')).slice(-maxComplaint);
    });
    this.#ssh.once('error', (error) => this.#closed(noSsh(error)));
    this.#ssh.once('close', (code) => this.#closed(this.#explain(code)));
    const source = agentSource();
    this.#ssh.stdin!.write(Buffer.concat([Buffer.from(`${source.length}\n`), source]));
  }

  get isOpen(): boolean {
    return this.#end === undefined;
  }

  /** Asks the agent. Throws what the agent says, or `unreachable` where the connection ended before the answer came. */
  call<K extends keyof AgentCalls>(
    method: K,
    params: AgentCalls[K]['params'],
    { content, timeoutMs, signal }: CallOptions = {},
  ): Promise<AgentAnswer<K>> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    if (signal?.aborted) return Promise.reject(cancelled(this.#place));
    const id = this.#nextId++;
    return new Promise<AgentAnswer<K>>((resolve, reject) => {
      const settle = (how: () => void) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        this.#waiting.delete(id);
        how();
      };
      const onAbort = () => {
        settle(() => reject(cancelled(this.#place)));
        if (method === 'run') void this.call('cancel', { target: id }).catch(() => {});
      };
      const timer =
        timeoutMs === undefined
          ? undefined
          : setTimeout(() => settle(() => reject(late(this.#place, timeoutMs))), timeoutMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.set(id, {
        resolve: (answer) => settle(() => resolve(answer as AgentAnswer<K>)),
        reject: (error) => settle(() => reject(error)),
      });
      this.#ssh.stdin!.write(encodeFrame({ id, method, arguments: params }, content));
    });
  }

  dispose(): void {
    if (this.#end === undefined)
      this.#closed(new AppError('closed', `The connection to ${this.#place.host} was ended.`));
    this.#ssh.stdin!.end();
    // The agent leaves when its input ends; an ssh that cannot tell it so is ended itself.
    const timer = setTimeout(() => this.#ssh.kill('SIGKILL'), endPatienceMs);
    timer.unref();
    this.#ssh.once('close', () => clearTimeout(timer));
    if (!this.#parser.isGreeted) this.#ssh.kill('SIGTERM');
  }

  #receive(part: Buffer): void {
    try {
      for (const frame of this.#parser.push(part)) this.#answer(frame);
    } catch (error) {
      this.#closed(new AppError('unreachable', `${this.#place.host}: ${(error as Error).message}`, { cause: error }));
      this.#ssh.kill('SIGKILL');
    }
  }

  #answer({ tree, content }: Frame): void {
    const { id, result, error } = tree as {
      id: number;
      result?: unknown;
      error?: { code: ErrorCode; message: string };
    };
    const waiting = this.#waiting.get(id);
    if (error === undefined) waiting?.resolve({ result, content });
    else waiting?.reject(agentError(this.#place, error));
  }

  #explain(code: number | null): AppError {
    if (this.#parser.isGreeted) {
      return new AppError('unreachable', `The connection to ${this.#place.host} broke off.`, {
        hint: 'It is made anew; runs over there go on meanwhile.',
      });
    }
    return explainSshEnd(this.#place, { code, stderr: this.#complaint, unanswered: this.#prompts?.unanswered() });
  }

  #closed(reason: AppError): void {
    this.#end ??= reason;
    for (const waiting of [...this.#waiting.values()]) waiting.reject(this.#end);
  }
}

function agentError(place: SshPlace, { code, message }: { code: ErrorCode; message: string }): AppError {
  if (code === 'disk-full')
    return new AppError(code, `No room is left on ${place.host}: ${message}`, {
      hint: 'Free some space over there, or name another "folder" for the target in trainyard.yaml.',
    });
  if (code === 'read-only')
    return new AppError(code, `${place.host} does not allow it: ${message}`, {
      hint: 'Name a "folder" for the target in trainyard.yaml that you may write to over there.',
    });
  return new AppError(code, `${place.host}: ${message}`);
}

function noSsh(error: Error): AppError {
  return new AppError('refused', `ssh could not be started: ${error.message}`, {
    hint: 'Install the OpenSSH client and make sure that ssh is found in PATH.',
  });
}

function cancelled(place: SshPlace): AppError {
  return new AppError('cancelled', `The call to ${place.host} was given up.`);
}

function late(place: SshPlace, timeoutMs: number): AppError {
  return new AppError('timeout', `${place.host} gave no answer within ${timeoutMs / 1000} s.`, {
    hint: 'Look whether the machine or its disk is overloaded.',
  });
}
