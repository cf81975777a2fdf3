import { type Disposable, Disposables } from '../base/disposables.ts';
import { Emitter, type Event } from '../base/emitter.ts';
import { AppError, toErrorInfo } from '../base/errors.ts';
import type { RpcClient } from '../protocol/rpc.ts';
import type { WorkerEvent, WorkerEvents, WorkerHello, WorkerMethod, WorkerMethods } from '../protocol/worker.ts';
import { type ConnectOptions, connectToWorker, shutDownWorker } from './connect.ts';
import type { WorkerConnection } from './handshake.ts';

const firstDelayMs = 250;
const longestDelayMs = 15_000;

/** Where a link stands. `failed` is tried again by itself, later and later; `message` is a sentence for a person. */
export type LinkState =
  | { readonly kind: 'idle' | 'connecting' | 'connected'; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string; readonly error: AppError };

/**
 * A lasting link to the worker: it connects on first use, comes back after a loss, and keeps listeners over reconnects.
 * Calls that wait when the worker goes are rejected with `closed`; what a client opened (folders) it opens again when `onConnected` fires.
 */
export class WorkerLink implements RpcClient<WorkerMethods, WorkerEvents>, Disposable {
  readonly #options: ConnectOptions;
  readonly #owner = new Disposables();
  readonly #stateChanged = this.#owner.add(new Emitter<LinkState>());
  readonly #connected = this.#owner.add(new Emitter<WorkerHello>());
  readonly #listeners = new Map<WorkerEvent, Set<(value: never) => void>>();
  readonly #giveUp = new AbortController();
  #state: LinkState = { kind: 'idle', message: 'Not connected yet.' };
  #connection: WorkerConnection | undefined;
  #connecting: Promise<WorkerConnection> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #retryDelayMs = firstDelayMs;

  readonly onState: Event<LinkState> = this.#stateChanged.event;
  /** Fires after every hello, the first one included, before waiting calls go out. */
  readonly onConnected: Event<WorkerHello> = this.#connected.event;

  constructor(options: ConnectOptions) {
    this.#options = options;
  }

  get state(): LinkState {
    return this.#state;
  }

  async call<M extends WorkerMethod>(
    method: M,
    params: WorkerMethods[M]['params'],
    signal?: AbortSignal,
  ): Promise<WorkerMethods[M]['result']> {
    const connection = await this.connect();
    return connection.call(method, params, signal);
  }

  on<K extends WorkerEvent>(event: K, listener: (value: WorkerEvents[K]) => void): Disposable {
    let listeners = this.#listeners.get(event);
    if (listeners === undefined) {
      listeners = new Set();
      this.#listeners.set(event, listeners);
      this.#connection?.on(event, (value) => this.#tell(event, value));
    }
    listeners.add(listener as (value: never) => void);
    return { dispose: () => void this.#listeners.get(event)?.delete(listener as (value: never) => void) };
  }

  /** The connection, made now where there is none. */
  async connect(): Promise<WorkerConnection> {
    if (this.#owner.isDisposed) throw new AppError('closed', 'The link to the worker has ended.');
    if (this.#connection !== undefined) return this.#connection;
    this.#connecting ??= this.#open().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  /** Ends the worker and starts a new one. Running jobs go on and are adopted. */
  async restart(): Promise<void> {
    const old = this.#connection;
    this.#connection = undefined;
    await shutDownWorker(this.#options);
    old?.dispose();
    await this.connect();
  }

  dispose(): void {
    clearTimeout(this.#retry);
    this.#giveUp.abort();
    this.#connection?.dispose();
    this.#connection = undefined;
    this.#owner.dispose();
    this.#listeners.clear();
  }

  async #open(): Promise<WorkerConnection> {
    clearTimeout(this.#retry);
    this.#setState({ kind: 'connecting', message: 'Connecting to the worker.' });
    try {
      const connection = await connectToWorker({ ...this.#options, signal: this.#giveUp.signal });
      this.#attach(connection);
      return connection;
    } catch (error) {
      const info = toErrorInfo(error);
      const failure =
        error instanceof AppError ? error : new AppError('worker-unavailable', info.message, { cause: error });
      this.#setState({ kind: 'failed', message: failure.message, error: failure });
      this.#retryLater();
      throw failure;
    }
  }

  #attach(connection: WorkerConnection): void {
    if (this.#owner.isDisposed) {
      connection.dispose();
      throw new AppError('closed', 'The link to the worker has ended.');
    }
    this.#connection = connection;
    this.#retryDelayMs = firstDelayMs;
    for (const event of this.#listeners.keys()) connection.on(event, (value) => this.#tell(event, value));
    connection.onClose(() => this.#lost(connection));
    this.#setState({ kind: 'connected', message: `Connected to the worker (process ${connection.hello.pid}).` });
    this.#connected.fire(connection.hello);
  }

  #lost(connection: WorkerConnection): void {
    if (this.#connection !== connection) return;
    this.#connection = undefined;
    const error = new AppError('closed', 'The worker went away.', { hint: 'It is started again.' });
    this.#setState({ kind: 'failed', message: error.message, error });
    this.#retryLater();
  }

  #retryLater(): void {
    if (this.#owner.isDisposed) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.connect().catch(() => {}), this.#retryDelayMs);
    this.#retryDelayMs = Math.min(this.#retryDelayMs * 2, longestDelayMs);
  }

  #tell(event: WorkerEvent, value: unknown): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener(value as never);
  }

  #setState(state: LinkState): void {
    if (this.#owner.isDisposed) return;
    this.#state = state;
    this.#stateChanged.fire(state);
  }
}
