import { type Disposable, Disposables } from '../../base/disposables.ts';
import { Emitter, type Event } from '../../base/emitter.ts';
import { AppError } from '../../base/errors.ts';
import type { ConnectOptions, LinkState, WorkerLink } from '../../client/index.ts';
import type { RpcClient } from '../../protocol/rpc.ts';
import type { WorkerEvent, WorkerEvents, WorkerMethod, WorkerMethods } from '../../protocol/worker.ts';

interface Subscription {
  readonly event: WorkerEvent;
  readonly listener: (value: never) => void;
  forwarded: Disposable | undefined;
}

/**
 * The window's link to the worker, whose code is loaded when somebody first asks for something: activation stays cheap and an unused window
 * starts no worker. Listeners may be registered at any time and outlive both the loading and every reconnect.
 */
export class LazyLink extends Disposables implements RpcClient<WorkerMethods, WorkerEvents> {
  readonly #options: () => ConnectOptions;
  readonly #states = this.add(new Emitter<LinkState>());
  readonly #subscriptions = new Set<Subscription>();
  #link: WorkerLink | undefined;
  #loading: Promise<WorkerLink> | undefined;
  #restarting: Promise<void> | undefined;

  readonly onState: Event<LinkState> = (listener) => this.#states.event(listener);

  constructor(options: () => ConnectOptions) {
    super();
    this.#options = options;
  }

  get state(): LinkState {
    return this.#link?.state ?? { kind: 'idle', message: 'Not connected yet.' };
  }

  async call<M extends WorkerMethod>(
    method: M,
    params: WorkerMethods[M]['params'],
    signal?: AbortSignal,
  ): Promise<WorkerMethods[M]['result']> {
    const link = await this.#load();
    return await link.call(method, params, signal);
  }

  on<K extends WorkerEvent>(event: K, listener: (value: WorkerEvents[K]) => void): Disposable {
    const subscription: Subscription = { event, listener: listener as (value: never) => void, forwarded: undefined };
    this.#subscriptions.add(subscription);
    if (this.#link !== undefined) forward(subscription, this.#link);
    return {
      dispose: () => {
        this.#subscriptions.delete(subscription);
        subscription.forwarded?.dispose();
      },
    };
  }

  /** Ends the worker, starts a new one by the settings as they are now, and connects to it. Running jobs go on. Calls meanwhile wait. */
  async restart(): Promise<void> {
    this.#restarting ??= this.#end().finally(() => {
      this.#restarting = undefined;
    });
    await this.#restarting;
    const link = await this.#load();
    await link.connect();
  }

  /** The old link goes first, since it would start the worker again by itself. */
  async #end(): Promise<void> {
    const client = await import('../../client/index.ts');
    const old = this.#link;
    this.#link = undefined;
    this.#loading = undefined;
    if (old !== undefined) this.delete(old);
    await client.shutDownWorker(this.#options());
  }

  async #load(): Promise<WorkerLink> {
    await this.#restarting;
    if (this.isDisposed) throw new AppError('closed', 'This window is closing.');
    if (this.#link !== undefined) return this.#link;
    this.#loading ??= this.#create();
    return await this.#loading;
  }

  async #create(): Promise<WorkerLink> {
    const client = await import('../../client/index.ts');
    const link = this.add(new client.WorkerLink(this.#options()));
    this.#link = link;
    this.add(link.onState((state) => this.#states.fire(state)));
    for (const subscription of this.#subscriptions) forward(subscription, link);
    return link;
  }
}

function forward(subscription: Subscription, link: WorkerLink): void {
  // The listener was registered for this very event, which the pair's type cannot say.
  subscription.forwarded = link.on(subscription.event, subscription.listener as (value: unknown) => void);
}
