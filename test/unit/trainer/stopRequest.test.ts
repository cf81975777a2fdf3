import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

const source = pathToFileURL(path.resolve(import.meta.dirname, '../../../src/trainer/run/stopRequest.ts')).href;

/** Says when it listens and that it was asked to stop, and never does. */
const stubborn = `
  const { StopRequest } = await import(${JSON.stringify(source)});
  const stop = new StopRequest();
  console.log('listening');
  let last = '';
  setInterval(() => {
    if (stop.signal !== undefined && last === '') console.log(last = stop.signal);
  }, 5);
`;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`a run that does not stop is ended by asking again and again: ${signal}`, async (t) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', stubborn], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(() => child.kill('SIGKILL'));
    const ended = once(child, 'exit');
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    assert.equal((await lines.next()).value, 'listening');
    child.kill(signal);
    assert.equal((await lines.next()).value, signal);
    assert.equal(child.exitCode ?? child.signalCode, null);
    const again = setInterval(() => child.kill(signal), 20);
    const [code, endedBy] = await ended;
    clearInterval(again);
    assert.deepEqual([code, endedBy], [null, signal]);
  });
}
