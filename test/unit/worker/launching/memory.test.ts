import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { LaunchRequest } from '../../../../src/domain/launch.ts';
import { MemoryEstimates } from '../../../../src/worker/launching/memoryEstimates.ts';
import { temporaryFolder, writeIdxSet } from '../../trainer/support.ts';
import { client, host } from '../openWorker.ts';
import { eventually } from '../testWorker.ts';

const request = (folder: string, overrides: readonly string[]): LaunchRequest => ({
  requestId: 'r',
  folder,
  recipe: 'classifier',
  overrides,
  device: 'cpu',
});

test('the worker says what a launch would need, and makes nothing', async () => {
  const data = writeIdxSet(host.folder);
  const small = await client.call('launch.memory', request(host.folder, [`data=${data}`, 'batchSize=8']));
  assert.deepEqual([small.device, small.verdict, small.batchSize], ['cpu', 'fits', 8]);
  assert.ok(small.need.host > 1e8 && small.need.host < 1e9, JSON.stringify(small.need));
  assert.ok(small.free.host > 0);
  const larger = await client.call('launch.memory', request(host.folder, [`data=${data}`, 'batchSize=64']));
  assert.ok(larger.need.host > small.need.host);
  assert.equal(existsSync(path.join(host.folder, 'runs')), false);
});

test('what a start would be refused for is said instead of an estimate', async () => {
  await assert.rejects(client.call('launch.memory', request(host.folder, ['stepz=3'])), {
    code: 'bad-config',
    message: /Did you mean steps/,
  });
  await assert.rejects(
    client.call('launch.memory', request(host.folder, [`data=${path.join(host.folder, 'nowhere')}`])),
    (error: Error) => /nowhere/.test(error.message),
  );
  const careful = await host.connect();
  await careful.call('folder.open', { folder: host.folder, trusted: false });
  await assert.rejects(careful.call('launch.memory', request(host.folder, [])), { code: 'not-trusted' });
});

test('an answer is kept by configuration for a while, and giving up ends the process that was asked', async (t) => {
  const folder = temporaryFolder(t);
  const asked = path.join(folder, 'asked');
  const program = path.join(folder, 'trainer.cjs');
  const estimate = { device: 'cpu', need: { host: 1, device: 0 }, free: { host: 2 }, verdict: 'fits', batchSize: 64 };
  // A stand-in for the trainer: it notes its process and answers at once, or never.
  writeFileSync(
    program,
    `require('fs').appendFileSync(${JSON.stringify(asked)}, process.pid + '\\n');
     const config = require('fs').readFileSync(process.argv[3], 'utf8');
     if (config.includes('steps: 7')) setInterval(() => {}, 1000);
     else console.log(${JSON.stringify(JSON.stringify(estimate))});`,
  );
  chmodSync(program, 0o700);
  let now = 0;
  const estimates = new MemoryEstimates(
    { node: process.execPath, nodeArguments: [], trainyard: program, env: {} },
    () => now,
  );
  const count = () => readFileSync(asked, 'utf8').trim().split('\n').length;
  const never = new AbortController().signal;
  assert.deepEqual(await estimates.of(request(folder, ['data=x', 'steps=5']), never), estimate);
  await estimates.of({ ...request(folder, ['data=x', 'steps=5']), name: 'other' }, never);
  assert.equal(count(), 1, 'the name does not matter');
  await estimates.of(request(folder, ['data=x', 'steps=6']), never);
  assert.equal(count(), 2);
  now += 60_000;
  await estimates.of(request(folder, ['data=x', 'steps=5']), never);
  assert.equal(count(), 3, 'what is free may have changed since');

  const giveUp = new AbortController();
  const waiting = estimates.of(request(folder, ['data=x', 'steps=7']), giveUp.signal);
  const refused = assert.rejects(waiting, { code: 'cancelled' });
  await eventually(() => count() === 4);
  const pid = Number(readFileSync(asked, 'utf8').trim().split('\n').at(-1));
  giveUp.abort();
  await refused;
  await eventually(() => !isAlive(pid));
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
