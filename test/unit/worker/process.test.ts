import assert from 'node:assert/strict';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { greetWorker } from '../../../src/client/handshake.ts';
import { connectToWorker, type WorkerConnection, WorkerLink } from '../../../src/client/index.ts';
import { socketConnection } from '../../../src/client/socketConnection.ts';
import { serve } from '../../../src/protocol/rpc.ts';
import { workerProtocolVersion } from '../../../src/protocol/worker.ts';
import { buildWorker, exitOf, killQuietly, WorkerHome } from './bundledWorker.ts';
import { eventually } from './testWorker.ts';

let product: Awaited<ReturnType<typeof buildWorker>>;
let home: WorkerHome;
const pids: number[] = [];

before(async () => {
  product = await buildWorker();
});
after(() => product.remove());
beforeEach(() => {
  home = new WorkerHome();
});
afterEach(() => home.end(pids.splice(0)));

const identity = { client: 'cli', version: '0.1.0' } as const;

async function connect(
  more: { version?: string; protocol?: number; workerFile?: string } = {},
): Promise<WorkerConnection> {
  const connection = await connectToWorker({ ...identity, workerFile: product.file, env: home.env, ...more });
  pids.push(connection.hello.pid);
  return connection;
}

test('twelve workers started at once leave one', async () => {
  const children = Array.from({ length: 12 }, () => home.spawn(product.file));
  const ends = children.map(exitOf);
  const codes: (number | null)[] = [];
  for (const end of ends) void end.then((code) => codes.push(code));
  await eventually(() => codes.length === 11);
  assert.deepEqual(
    codes,
    Array.from({ length: 11 }, () => 3),
  );
  const survivor = children.find(({ exitCode }) => exitCode === null);
  const connection = await greetWorker(home.paths, identity);
  assert.equal(connection?.hello.pid, survivor?.pid);
  connection?.dispose();
});

test('many clients that come at once share the worker that one of them started', async () => {
  const connections = await Promise.all(Array.from({ length: 6 }, () => connect()));
  assert.equal(new Set(connections.map(({ hello }) => hello.pid)).size, 1);
  for (const connection of connections) connection.dispose();
});

test('a client with another runtime directory finds the worker of the same home', async () => {
  const first = await connect();
  const { XDG_RUNTIME_DIR: _, ...env } = home.env;
  const second = await connectToWorker({ ...identity, workerFile: product.file, env });
  assert.equal(second.hello.pid, first.hello.pid);
  for (const connection of [first, second]) connection.dispose();
});

test('home, socket and log are private to the user', async () => {
  const connection = await connect();
  assert.equal(statSync(home.paths.home).mode & 0o777, 0o700);
  assert.equal(statSync(home.paths.socket).mode & 0o777, 0o600);
  assert.equal(statSync(home.paths.log).mode & 0o077, 0);
  connection.dispose();
});

test('after a worker was killed, its socket and lock keep nobody out', async () => {
  const first = await connect();
  const closed = new Promise<void>((resolve) => first.onClose(resolve));
  killQuietly(first.hello.pid);
  await closed;
  assert.ok(statSync(home.paths.socket).isSocket());
  const second = await connect();
  assert.notEqual(second.hello.pid, first.hello.pid);
  second.dispose();
});

test('a worker that has nothing to do and nobody to talk to ends', async () => {
  home.end();
  home = new WorkerHome({ TRAINYARD_IDLE_MS: '150' });
  const child = home.spawn(product.file);
  assert.equal(await exitOf(child), 0);
});

test('a worker that somebody talks to stays', async () => {
  home.end();
  home = new WorkerHome({ TRAINYARD_IDLE_MS: '150' });
  const connection = await connect();
  await new Promise((resolve) => setTimeout(resolve, 600));
  assert.equal((await connection.call('queue.list', {})).jobs.length, 0);
  const closed = new Promise<void>((resolve) => connection.onClose(resolve));
  await connection.call('worker.shutdown', {});
  await closed;
});

test('a worker of an older protocol is asked to end and replaced', async () => {
  const older = await impostor({ protocol: workerProtocolVersion - 1, version: '0.0.1' });
  const connection = await connect();
  assert.equal(older.isShutDown(), true);
  assert.equal(connection.hello.protocol, workerProtocolVersion);
  connection.dispose();
});

test('a worker of an older version is replaced, one of a newer version and the same protocol serves', async () => {
  const older = await impostor({ protocol: workerProtocolVersion, version: '0.0.9' });
  const first = await connect();
  assert.deepEqual([older.isShutDown(), first.hello.version], [true, '0.1.0']);
  const olderClient = await connect({ version: '0.0.9' });
  assert.equal(olderClient.hello.pid, first.hello.pid);
  for (const connection of [first, olderClient]) connection.dispose();
});

test('a worker of a newer protocol is left alone, and the person is told', async () => {
  const newer = await impostor({ protocol: workerProtocolVersion + 1, version: '9.0.0' });
  await assert.rejects(connect(), (error: { code: string; message: string; hint: string }) => {
    assert.equal(error.code, 'worker-version');
    assert.match(error.message, /9\.0\.0/);
    assert.match(error.hint, /Reload/);
    return true;
  });
  assert.equal(newer.isShutDown(), false);
  newer.end();
});

test('the worker says hello to a client of any protocol', async () => {
  const connection = await connect();
  const stranger = await greetWorker(home.paths, { ...identity, protocol: 77 });
  assert.equal(stranger?.hello.protocol, workerProtocolVersion);
  for (const each of [connection, stranger]) each?.dispose();
});

test('a database of a newer program is said by the client that starts the worker', async () => {
  mkdirSync(home.paths.home, { recursive: true });
  const database = new DatabaseSync(home.paths.database);
  database.exec('PRAGMA user_version = 999');
  database.close();
  await assert.rejects(connect(), (error: { code: string; message: string; hint: string }) => {
    assert.equal(error.code, 'worker-unavailable');
    assert.match(error.message, /newer Trainyard/);
    assert.match(error.hint, /Update/);
    return true;
  });
});

test('a worker file that is missing or broken is an error that names the log', async () => {
  await assert.rejects(
    connect({ workerFile: path.join(home.root, 'nowhere.cjs') }),
    (error: { code: string; hint: string }) => {
      assert.equal(error.code, 'worker-unavailable');
      assert.match(error.hint, /worker\.log/);
      return true;
    },
  );
  await assert.rejects(connectToWorker({ ...identity, env: home.env }), { code: 'worker-unavailable' });
});

test('a link comes back after the worker was killed, with its listeners', async () => {
  const link = new WorkerLink({ ...identity, workerFile: product.file, env: home.env });
  try {
    const states: string[] = [];
    link.onState(({ kind }) => states.push(kind));
    let hellos = 0;
    link.onConnected(() => hellos++);
    const heard: number[] = [];
    link.on('queue.changed', ({ jobs }) => heard.push(jobs.length));
    const first = (await link.connect()).hello.pid;
    pids.push(first);
    killQuietly(first);
    await eventually(() => hellos === 2);
    const second = (await link.connect()).hello.pid;
    pids.push(second);
    assert.notEqual(second, first);
    assert.deepEqual(states, ['connecting', 'connected', 'failed', 'connecting', 'connected']);
    await launchHeld(link);
    await eventually(() => heard.includes(1));
    await link.restart();
    pids.push((await link.connect()).hello.pid);
    assert.equal((await link.call('queue.list', {})).jobs.length, 1, 'the queue outlives its worker');
  } finally {
    link.dispose();
  }
});

async function launchHeld(link: WorkerLink): Promise<void> {
  const folder = path.join(home.root, 'workspace');
  mkdirSync(folder);
  writeFileSync(path.join(folder, 'a.yaml'), 'recipe: classifier\ndata: /nowhere\n');
  await link.call('launch.start', {
    requestId: 'r',
    folder,
    recipe: 'classifier',
    configFile: path.join(folder, 'a.yaml'),
    overrides: [],
    device: 'cpu',
    hold: true,
  });
}

/** Something that listens where the worker would, and says that it is of another version. */
async function impostor(about: { protocol: number; version: string }): Promise<{ isShutDown(): boolean; end(): void }> {
  mkdirSync(path.dirname(home.paths.socket), { recursive: true, mode: 0o700 });
  let shutDown = false;
  const server: Server = createServer((socket) => {
    const connection = socketConnection(socket);
    serve<Record<'hello' | 'worker.shutdown', { params: unknown; result: unknown }>, Record<string, never>>(
      connection,
      {
        hello: () => ({ ...about, pid: 0, startedAt: 0, databasePath: '' }),
        'worker.shutdown': () => {
          shutDown = true;
          server.close();
          setImmediate(() => socket.destroy());
          return null;
        },
      },
    );
    connection.listen();
  });
  await new Promise<void>((resolve) => server.listen(home.paths.socket, resolve));
  return { isShutDown: () => shutDown, end: () => server.close() };
}
