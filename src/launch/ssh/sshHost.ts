import type { Disposable } from '../../base/disposables.ts';
import { AppError } from '../../base/errors.ts';
import type { SshPlace } from '../../domain/target.ts';
import type { AgentCalls } from './agentCalls.ts';
import { type AgentAnswer, AgentConnection, type CallOptions, type PromptChannel } from './agentConnection.ts';

const connectMs = 60_000;
/** A person may have to find a token first. */
const askedConnectMs = 240_000;
const pingMs = 30_000;
const idleMs = 10 * 60_000;
const firstWaitMs = 1_000;
const longestWaitMs = 60_000;
/** Asking a person again and again for a passphrase that they did not want to give is no help. */
const refusedWaitMs = 10 * 60_000;

export interface HostCallOptions extends CallOptions {
  /** A person waits: tries to connect even where the last attempt failed a moment ago. */
  readonly urgent?: boolean;
}

/** Makes the channel by which ssh asks people, for one attempt to connect. */
export type OpenPrompts = (place: SshPlace) => Promise<PromptChannel & Disposable>;

/** A host: at most one connection, made when it is needed and again after it broke, with longer and longer waits. */
export class SshHost implements Disposable {
  readonly place: SshPlace;
  readonly #openPrompts: OpenPrompts | undefined;
  readonly #timer: NodeJS.Timeout;
  #connecting: Promise<AgentConnection> | undefined;
  #connection: AgentConnection | undefined;
  #hello: AgentCalls['hello']['result'] | undefined;
  #failure: { readonly error: AppError; readonly at: number; readonly waitMs: number } | undefined;
  #lastUsed = Date.now();
  #isDisposed = false;

  constructor(place: SshPlace, openPrompts?: OpenPrompts) {
    this.place = place;
    this.#openPrompts = openPrompts;
    this.#timer = setInterval(() => void this.#keepAlive(), pingMs);
    this.#timer.unref();
  }

  /** Home folder over there, once there has been a connection. */
  get home(): string | undefined {
    return this.#hello?.home;
  }

  /** A number that changes with every new connection: what an agent remembers goes with it. */
  generation = 0;

  /** Why there is no connection, and since when; undefined while there is one or none was tried. */
  get failure(): { readonly error: AppError; readonly at: number } | undefined {
    return this.#failure;
  }

  /** Whether an attempt now would be made: not within the wait after a failed one. */
  get mayTry(): boolean {
    return this.#failure === undefined || Date.now() - this.#failure.at >= this.#failure.waitMs;
  }

  /** Asks the agent, connecting first where needed. Throws `unreachable` or `refused` where there is no way, and what the agent says. */
  async call<K extends keyof AgentCalls>(
    method: K,
    params: AgentCalls[K]['params'],
    options: HostCallOptions = {},
  ): Promise<AgentAnswer<K>> {
    this.#lastUsed = Date.now();
    const connection = await this.#connected(options.urgent ?? false);
    try {
      return await connection.call(method, params, options);
    } finally {
      this.#lastUsed = Date.now();
    }
  }

  dispose(): void {
    this.#isDisposed = true;
    clearInterval(this.#timer);
    this.#connection?.dispose();
  }

  #connected(isUrgent: boolean): Promise<AgentConnection> {
    if (this.#isDisposed)
      return Promise.reject(new AppError('closed', `The connection to ${this.place.host} was ended.`));
    if (this.#connection?.isOpen) return Promise.resolve(this.#connection);
    if (!isUrgent && !this.mayTry) return Promise.reject(this.#failure!.error);
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #connect(): Promise<AgentConnection> {
    const prompts = await this.#openPrompts?.(this.place);
    const connection = new AgentConnection(this.place, prompts);
    this.#connection = connection;
    try {
      const timeoutMs = prompts === undefined ? connectMs : askedConnectMs;
      const { result } = await connection.call('hello', {}, { timeoutMs });
      this.#hello = result;
      this.#failure = undefined;
      this.generation += 1;
      return connection;
    } catch (error) {
      connection.dispose();
      throw this.#noteFailure(error as AppError);
    } finally {
      prompts?.dispose();
    }
  }

  #noteFailure(error: AppError): AppError {
    const known = error.code === 'timeout' ? new AppError('unreachable', error.message) : error;
    const before = this.#failure?.waitMs ?? firstWaitMs / 2;
    const waitMs = known.code === 'refused' ? refusedWaitMs : Math.min(longestWaitMs, before * 2);
    this.#failure = { error: known, at: Date.now(), waitMs };
    return known;
  }

  /** A connection that nobody used for long is ended; one that does not answer is, too. */
  async #keepAlive(): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined || !connection.isOpen || this.#connecting !== undefined) return;
    if (Date.now() - this.#lastUsed > idleMs) {
      connection.dispose();
      return;
    }
    await connection.call('ping', {}, { timeoutMs: pingMs }).catch(() => connection.dispose());
  }
}
