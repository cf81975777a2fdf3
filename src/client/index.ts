export { type ConnectOptions, connectToWorker, shutDownWorker } from './connect.ts';
export type { WorkerConnection } from './handshake.ts';
export { type LinkState, WorkerLink } from './link.ts';
export { userWorkerPaths } from './machine.ts';
