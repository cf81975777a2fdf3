import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { MessageConnection } from 'vscode-jsonrpc/node';
import { AppError } from '../../../src/base/errors.ts';
import { socketConnection } from '../../../src/client/socketConnection.ts';
import { connectClient, type Handlers, type RpcClient, type RpcNotifier, serve } from '../../../src/protocol/rpc.ts';

interface Methods {
  echo: { params: { value: unknown }; result: { value: unknown } };
  fail: { params: { text: string }; result: null };
  wait: { params: Record<string, never>; result: string };
}
interface Events {
  told: { numbers: Float64Array };
}

let folder: string;
let client: RpcClient<Methods, Events>;
let notifier: RpcNotifier<Events>;
let clientConnection: MessageConnection;
let clientSocket: Socket;
let serverSocket: Socket;
let cleanUp: () => void;
let aborted = 0;

const handlers: Handlers<Methods> = {
  echo: ({ value }) => ({ value }),
  fail: ({ text }) => {
    throw new AppError('bad-config', text, { hint: 'Write it otherwise.' });
  },
  wait: (_params, signal) =>
    new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        aborted++;
        resolve('aborted');
      });
    }),
};

beforeEach(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'rpc-'));
  const socketPath = path.join(folder, 's.sock');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  clientSocket = connect(socketPath);
  serverSocket = await accepted;
  const serverConnection = socketConnection(serverSocket);
  notifier = serve<Methods, Events>(serverConnection, handlers);
  serverConnection.listen();
  clientConnection = socketConnection(clientSocket);
  client = connectClient<Methods, Events>(clientConnection);
  clientConnection.listen();
  cleanUp = () => {
    clientSocket.destroy();
    serverSocket.destroy();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  };
});

afterEach(() => cleanUp());

test('values arrive as they were sent, typed arrays, NaN and big integers of the double range included', async () => {
  const value = {
    numbers: Float64Array.of(1.5, Number.NaN, -Infinity),
    floats: Float32Array.of(0.25),
    bytes: Uint8Array.of(1, 2),
    text: 'größe',
    big: 2 ** 53 - 1,
    none: null,
  };
  const answer = await client.call('echo', { value });
  assert.deepEqual(answer.value, value);
});

test('an AppError keeps its code, sentence and hint', async () => {
  await assert.rejects(client.call('fail', { text: 'No such key.' }), (error: AppError) => {
    assert.equal(error.code, 'bad-config');
    assert.equal(error.message, 'No such key.');
    assert.equal(error.hint, 'Write it otherwise.');
    return true;
  });
});

test('an unknown method is answered', async () => {
  const untyped = client as unknown as RpcClient<{ nope: { params: null; result: null } }, Events>;
  await assert.rejects(untyped.call('nope', null), { code: 'worker-version' });
});

test('a cancelled call is rejected here and aborted there', async () => {
  const before = aborted;
  const controller = new AbortController();
  const call = client.call('wait', {}, controller.signal);
  setTimeout(() => controller.abort(), 20);
  await call.then(
    () => {},
    (error: AppError) => assert.equal(error.code, 'cancelled'),
  );
  await client.call('echo', { value: 1 });
  assert.equal(aborted, before + 1);
});

test('calls that wait are rejected when the other side goes', async () => {
  const call = client.call('wait', {});
  setTimeout(() => serverSocket.destroy(), 20);
  await assert.rejects(call, { code: 'closed' });
  await assert.rejects(client.call('echo', { value: 1 }), { code: 'closed' });
});

test('a call that cannot be written any more is told as a closed connection', async () => {
  clientSocket.end();
  await assert.rejects(client.call('echo', { value: 1 }), { code: 'closed' });
});

test('events arrive', async () => {
  const heard = new Promise<Events['told']>((resolve) => client.on('told', resolve));
  notifier.notify('told', { numbers: Float64Array.of(3) });
  assert.deepEqual((await heard).numbers, Float64Array.of(3));
});

test('a connection that was cut in the middle of a message keeps no timer', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const before = timers();
  const arrived = new Promise((resolve) => clientSocket.once('data', resolve));
  serverSocket.write('Content-Length: 1000\r\n\r\nthe beginning');
  await arrived;
  const closed = new Promise((resolve) => clientSocket.once('close', resolve));
  serverSocket.destroy();
  await closed;
  assert.equal(timers(), before);
});
