import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workerPaths } from '../../../src/protocol/paths.ts';

const linux = { platform: 'linux', home: '/home/ada', temporary: '/tmp', uid: 1000, env: {} };

test('places of the worker lie in private folders and differ by home', () => {
  const paths = workerPaths(linux);
  assert.equal(paths.home, '/home/ada/.local/state/trainyard');
  assert.match(paths.socket, /^\/tmp\/trainyard-1000\/trainyard-[0-9a-f]{8}\.sock$/);
  const other = workerPaths({ ...linux, env: { TRAINYARD_HOME: '/elsewhere' } });
  assert.equal(other.database, '/elsewhere/trainyard.db');
  assert.notEqual(other.socket, paths.socket);
});

test('the runtime directory is used where it is short enough for a socket', () => {
  assert.match(workerPaths({ ...linux, env: { XDG_RUNTIME_DIR: '/run/user/1000' } }).socket, /^\/run\/user\/1000\//);
  const long = `/${'x'.repeat(90)}`;
  assert.match(workerPaths({ ...linux, env: { XDG_RUNTIME_DIR: long } }).socket, /^\/tmp\//);
});

test('Windows gets a named pipe', () => {
  const windows = {
    platform: 'win32',
    home: 'C:\\Users\\ada',
    temporary: 'C:\\Temp',
    uid: 0,
    env: { LOCALAPPDATA: 'C:\\L' },
  };
  assert.equal(workerPaths(windows).home, 'C:\\L\\trainyard');
  assert.match(workerPaths(windows).socket, /^\\\\\.\\pipe\\trainyard-/);
});
