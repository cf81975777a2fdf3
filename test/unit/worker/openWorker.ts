import { afterEach, beforeEach } from 'node:test';
import type { WorkerConnection } from '../../../src/client/handshake.ts';
import { TestWorker } from './testWorker.ts';

/** The worker of the test that runs, and a client that has its folder open and trusts it. Importing this file gives every test of the file new ones. */
export let host: TestWorker;
export let client: WorkerConnection;

beforeEach(async () => {
  host = new TestWorker();
  await host.start();
  client = await connect();
});
afterEach(() => host.end());

/** Another client that has the folder open. */
export async function connect(): Promise<WorkerConnection> {
  const connection = await host.connect();
  await connection.call('folder.open', { folder: host.folder, trusted: true });
  return connection;
}

/** Ends the worker as a shutdown does, and starts another one for the same home; jobs go on. `between` happens while none runs. */
export async function restart(between: () => void = () => {}): Promise<void> {
  host.stop();
  between();
  await host.start();
  client = await connect();
}
