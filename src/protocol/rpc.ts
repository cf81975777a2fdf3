import { CancellationTokenSource, ErrorCodes, type MessageConnection, ResponseError } from 'vscode-jsonrpc';
import type { Disposable } from '../base/disposables.ts';
import { Emitter } from '../base/emitter.ts';
import { AppError, type ErrorInfo, errorCodes, fromErrorInfo, toErrorInfo } from '../base/errors.ts';

/** One row per method: what goes in and what comes back. */
export type MethodTable<T> = { [M in keyof T]: { params: unknown; result: unknown } };

/** A handler for every method; leaving one out does not compile. The signal is aborted when the caller gives up or the connection closes. */
export type Handlers<T extends MethodTable<T>> = {
  readonly [M in keyof T]: (params: T[M]['params'], signal: AbortSignal) => Promise<T[M]['result']> | T[M]['result'];
};

/** The calling side of a connection. Pending calls are rejected with `closed` when the connection ends. */
export interface RpcClient<T extends MethodTable<T>, E> {
  call<M extends keyof T & string>(method: M, params: T[M]['params'], signal?: AbortSignal): Promise<T[M]['result']>;
  on<K extends keyof E & string>(event: K, listener: (value: E[K]) => void): Disposable;
}

/** The telling side of a connection. */
export interface RpcNotifier<E> {
  notify<K extends keyof E & string>(event: K, value: E[K]): void;
}

/** Answers every request on the connection, also unknown ones and those whose handler throws. Call `connection.listen()` afterwards. */
export function serve<T extends MethodTable<T>, E>(
  connection: MessageConnection,
  handlers: Handlers<T>,
): RpcNotifier<E> {
  connection.onRequest(async (method: string, params: unknown, token) => {
    const handler = Object.hasOwn(handlers, method) ? handlers[method as keyof T] : undefined;
    if (handler === undefined) return new ResponseError(ErrorCodes.MethodNotFound, `There is no method ${method}.`);
    const controller = new AbortController();
    const cancelled = token.onCancellationRequested(() => controller.abort());
    const closed = connection.onClose(() => controller.abort());
    try {
      return await handler(params as T[keyof T]['params'], controller.signal);
    } catch (error) {
      const info = toErrorInfo(error);
      return new ResponseError(ErrorCodes.InternalError, info.message, info);
    } finally {
      cancelled.dispose();
      closed.dispose();
    }
  });
  return {
    notify: (event, value) => void connection.sendNotification(event, value).catch(ignoreClosed),
  };
}

/** Calls methods and hears events on the connection. Call `connection.listen()` afterwards. */
export function connectClient<T extends MethodTable<T>, E>(connection: MessageConnection): RpcClient<T, E> {
  let closed = false;
  connection.onClose(() => {
    closed = true;
  });
  const listeners = new Map<string, Emitter<unknown>>();
  return {
    call: async (method, params, signal) => {
      if (closed) throw closedError();
      if (signal?.aborted) throw new AppError('cancelled', `${method} was cancelled.`);
      return await send(connection, method, params, signal);
    },
    on: (event, listener) => listen(connection, listeners, event, listener as (value: unknown) => void),
  };
}

/** The connection keeps one handler per event, so that handler passes the event on to any number of listeners. */
function listen(
  connection: MessageConnection,
  listeners: Map<string, Emitter<unknown>>,
  event: string,
  listener: (value: unknown) => void,
): Disposable {
  let emitter = listeners.get(event);
  if (emitter === undefined) {
    const created = new Emitter<unknown>();
    emitter = created;
    listeners.set(event, created);
    connection.onNotification(event, (value: unknown) => created.fire(value));
  }
  return emitter.event(listener);
}

async function send<R>(
  connection: MessageConnection,
  method: string,
  params: unknown,
  signal: AbortSignal | undefined,
): Promise<R> {
  const source = new CancellationTokenSource();
  const abort = () => source.cancel();
  signal?.addEventListener('abort', abort, { once: true });
  let stopWaiting = () => {};
  const whenClosed = new Promise<never>((_, reject) => {
    const listener = connection.onClose(() => reject(closedError()));
    stopWaiting = () => listener.dispose();
  });
  try {
    return await Promise.race([connection.sendRequest<R>(method, params, source.token), whenClosed]);
  } catch (error) {
    if (signal?.aborted) throw new AppError('cancelled', `${method} was cancelled.`);
    throw receivedError(error);
  } finally {
    stopWaiting();
    signal?.removeEventListener('abort', abort);
    source.dispose();
  }
}

/** What vscode-jsonrpc answers itself where a request could not be written, or its connection ended under it. */
const lostConnectionCodes: readonly number[] = [
  ErrorCodes.MessageWriteError,
  ErrorCodes.PendingResponseRejected,
  ErrorCodes.ConnectionInactive,
];

function receivedError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof ResponseError) {
    const info = error.data as ErrorInfo | undefined;
    if (info !== undefined && Object.hasOwn(errorCodes, info.code)) return fromErrorInfo(info);
    if (lostConnectionCodes.includes(error.code)) return closedError(error);
    if (error.code === ErrorCodes.MethodNotFound)
      return new AppError('worker-version', error.message, { hint: 'Run "Trainyard: Restart Worker".' });
    return new AppError('internal', error.message);
  }
  return closedError(error);
}

function closedError(cause?: unknown): AppError {
  return new AppError('closed', 'The connection closed before the answer came.', cause === undefined ? {} : { cause });
}

/** A notification to somebody who has gone is no error: they will ask again when they are back. */
function ignoreClosed(): void {}
