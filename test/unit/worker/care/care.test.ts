import assert from 'node:assert/strict';
import os from 'node:os';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Failure } from '../../../../src/domain/failure.ts';
import type { JobId, RunId } from '../../../../src/domain/ids.ts';
import type { Job } from '../../../../src/domain/job.ts';
import { Care } from '../../../../src/worker/care/care.ts';
import { diskPoint, heatPoint, memoryPoint } from '../../../../src/worker/care/figures.ts';
import { type CareWarning, Warnings } from '../../../../src/worker/care/watchpoints.ts';
import { TestWorker } from '../testWorker.ts';

const gpu = (temperature: number) => ({ id: '0', vendor: 'nvidia', name: 'H100', temperature }) as const;

test('a danger is said once until it is over, and does not flutter around its limit', () => {
  const warnings = new Warnings();
  const said = (temperature: number) =>
    warnings.take([heatPoint(gpu(temperature))!]).map(({ message, over }) => [message, over]);
  assert.deepEqual(said(60), []);
  assert.deepEqual(said(90), [['GPU 0 (H100) is at 90 °C.', false]]);
  assert.deepEqual(said(91), []);
  assert.deepEqual(said(85), [], 'not yet over');
  assert.equal(warnings.open.length, 1);
  assert.deepEqual(said(70), [['GPU 0 (H100) is at 70 °C.', true]]);
  said(95);
  assert.deepEqual(
    warnings.take([]).map(({ over }) => over),
    [true],
    'a GPU that is gone is no danger any more',
  );
});

test('whatever is seen, beginnings and ends alternate', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer({ min: 20, max: 110 })), { maxLength: 40 }), (temperatures) => {
      const warnings = new Warnings();
      let isOpen = false;
      for (const temperature of temperatures) {
        const points = temperature === null ? [] : [heatPoint(gpu(temperature))!];
        for (const { over } of warnings.take(points)) {
          assert.equal(over, isOpen);
          isOpen = !over;
        }
        assert.equal(warnings.open.length, Number(isOpen));
      }
    }),
  );
});

test('the real disk and memory of this machine are looked at; a place that is gone is no finding', async () => {
  const disk = await diskPoint(os.tmpdir());
  assert.match(disk?.message ?? '', /^\d+\.\d GB are free on the disk of /);
  assert.equal(await diskPoint('/no/such/folder'), undefined);
  const memory = await memoryPoint();
  assert.match(memory.message, /^\d+\.\d of \d+\.\d GB/);
  assert.equal(heatPoint({ id: '0', vendor: 'nvidia', name: 'MIG 1g' }), undefined);
});

test('a look tells what is hot, and a GPU that nobody has looked at yet does no harm', async () => {
  const told: CareWarning[] = [];
  let temperature: number | undefined;
  const care = new Care({
    places: () => [os.tmpdir(), os.tmpdir()],
    isNeeded: () => true,
    gpus: () => (temperature === undefined ? undefined : [gpu(temperature)]),
    tell: (warning) => told.push(warning),
  });
  await care.look();
  assert.deepEqual(
    told.filter(({ key }) => key.startsWith('gpu')),
    [],
  );
  temperature = 99;
  await care.look();
  await care.look();
  assert.deepEqual(
    told.filter(({ key }) => key === 'gpu 0').map(({ over }) => over),
    [false],
  );
  care.dispose();
});

test('runs that ran out of memory are told once for all that fail alike, and are forgotten after an hour', async () => {
  const told: CareWarning[] = [];
  let now = 0;
  const care = new Care({
    places: () => [],
    isNeeded: () => true,
    gpus: () => undefined,
    tell: (warning) => told.push(warning),
    now: () => now,
  });
  const oom = { kind: 'oom', message: 'CUDA out of memory.', signature: 'oom: step' } as const;
  const ended = (runName: string, failure: Failure) => care.noteEnd({ ...endedJob, runName, failure });
  const ofMemory = () => told.filter(({ key }) => key.startsWith('oom')).map(({ message, over }) => [message, over]);
  ended('a', oom);
  ended('b', { ...oom, kind: 'error' });
  ended('refused', { ...oom, signature: 'oom: refused', hint: 'Set batchSize to 4.' });
  ended('c', oom);
  assert.deepEqual(ofMemory(), [['a ran out of memory: CUDA out of memory.', false]]);
  assert.match(care.warnings[0]?.message ?? '', /^c and 1 more ran out of memory/, 'who comes later hears of all');
  await care.look();
  assert.equal(ofMemory().length, 1);
  now = 3_700_000;
  await care.look();
  assert.deepEqual(ofMemory().at(-1)?.[1], true);
  assert.deepEqual(
    care.warnings.filter(({ key }) => key.startsWith('oom')),
    [],
  );
  care.dispose();
});

test('a window that comes later is told what is dangerous already', async (t) => {
  const host = new TestWorker();
  t.after(() => host.end());
  await host.start();
  host.worker.care.noteEnd({
    ...endedJob,
    failure: { kind: 'oom', message: 'Cannot allocate memory', signature: 'oom' },
  });
  const client = await host.connect('extension');
  const { warnings } = await client.call('care.list', {});
  assert.deepEqual(
    warnings.filter(({ key }) => key === 'oom oom').map(({ over }) => over),
    [false],
  );
});

const endedJob: Job = {
  id: 'j' as JobId,
  runId: 'j' as RunId,
  runName: 'j',
  state: 'done',
  target: 'local',
  slot: 'cpu',
  order: 1,
  reason: '',
  submittedAt: 0,
};
