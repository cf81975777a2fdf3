import { connect, type Socket } from 'node:net';
import type { Disposable } from '../base/disposables.ts';
import { Emitter, type Event } from '../base/emitter.ts';
import { AppError } from '../base/errors.ts';
import { compareVersions } from '../base/version.ts';
import type { WorkerPaths } from '../protocol/paths.ts';
import { connectClient, type RpcClient } from '../protocol/rpc.ts';
import { type WorkerEvents, type WorkerHello, type WorkerMethods, workerProtocolVersion } from '../protocol/worker.ts';
import { checkSocketFolder } from './privateFolder.ts';
import { socketConnection } from './socketConnection.ts';
import { knownSockets } from './socketFile.ts';

const helloTimeoutMs = 10_000;

export interface ClientIdentity {
  readonly client: 'extension' | 'cli';
  readonly version: string;
  /** For tests of mixed versions; absent: ours. */
  readonly protocol?: number;
}

/** A connection on which the worker has said hello. */
export interface WorkerConnection extends RpcClient<WorkerMethods, WorkerEvents>, Disposable {
  readonly hello: WorkerHello;
  /** Fires once, when the connection has ended, whoever ended it. */
  readonly onClose: Event<void>;
}

/** Connects to a worker that runs and says hello. Undefined where none listens. Versions are not judged here. */
export async function greetWorker(paths: WorkerPaths, identity: ClientIdentity): Promise<WorkerConnection | undefined> {
  for (const socketPath of knownSockets(paths)) {
    const greeted = await greetAt(socketPath, paths, identity);
    if (greeted !== undefined) return greeted;
  }
  return undefined;
}

async function greetAt(
  socketPath: string,
  paths: WorkerPaths,
  identity: ClientIdentity,
): Promise<WorkerConnection | undefined> {
  checkSocketFolder(socketPath);
  const socket = await openSocket(socketPath);
  if (socket === undefined) return undefined;
  const connection = socketConnection(socket);
  const closed = new Emitter<void>();
  connection.onClose(() => closed.fire());
  const client = connectClient<WorkerMethods, WorkerEvents>(connection);
  connection.listen();
  const timeout = AbortSignal.timeout(helloTimeoutMs);
  try {
    const protocol = identity.protocol ?? workerProtocolVersion;
    const hello = await client.call('hello', { client: identity.client, version: identity.version, protocol }, timeout);
    return { ...client, hello, onClose: closed.event, dispose: () => socket.destroy() };
  } catch (error) {
    socket.destroy();
    if (error instanceof AppError && error.code === 'closed') return undefined;
    if (timeout.aborted) throw silentWorker(paths);
    throw error;
  }
}

/** How the worker that answered fits this client. */
export function judgeVersions(hello: WorkerHello, identity: ClientIdentity): 'fits' | 'older' | 'newer' {
  const protocol = identity.protocol ?? workerProtocolVersion;
  if (hello.protocol !== protocol) return hello.protocol < protocol ? 'older' : 'newer';
  // A newer worker of the same protocol serves older clients, so that two windows of different versions never take turns at restarting it.
  return compareVersions(hello.version, identity.version) < 0 ? 'older' : 'fits';
}

function openSocket(path: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'EAGAIN'].includes(error.code ?? '')) resolve(undefined);
      else
        reject(
          new AppError('worker-unavailable', `The worker's socket ${path} cannot be opened: ${error.message}`, {
            cause: error,
          }),
        );
    });
  });
}

function silentWorker(paths: WorkerPaths): AppError {
  return new AppError('worker-unavailable', 'The worker did not answer in time.', {
    hint: `End it (its process id is in ${paths.log}) and try again; running jobs go on by themselves.`,
  });
}
