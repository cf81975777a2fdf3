import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import {
  listArchitectureCheckpoints,
  listRunCheckpoints,
  readCheckpointName,
  readSafetensorsHeader,
} from '../../../../src/readers/index.ts';
import { temporaryFolder } from '../support/events.ts';

const write = (root: string, file: string, size = 3): void => {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
  writeFileSync(path.join(root, file), Buffer.alloc(size));
};

test('names of checkpoints tell step, epoch, run and role', () => {
  const said = (name: string): unknown => {
    const found = readCheckpointName(name);
    return found && [found.format, found.step, found.epoch, found.runName, found.isLast];
  };
  assert.deepEqual(said('step_00001000.safetensors'), ['safetensors', 1000, undefined, undefined, false]);
  assert.deepEqual(said('last.safetensors'), ['safetensors', undefined, undefined, undefined, true]);
  assert.deepEqual(said('cifar10_ratio05_20ep_epoch_0010.pt'), ['torch', undefined, 10, 'cifar10_ratio05_20ep', false]);
  assert.deepEqual(said('epoch=3-step=120.ckpt'), ['torch', 120, 3, undefined, false]);
  assert.deepEqual(said('last-v1.ckpt'), ['torch', undefined, undefined, undefined, true]);
  assert.deepEqual(said('checkpoint-500.pt'), ['torch', 500, undefined, undefined, false]);
  assert.deepEqual(said('router_epoch_3.pth'), ['torch', undefined, 3, 'router', false]);
  assert.deepEqual(said('model.onnx'), ['onnx', undefined, undefined, undefined, false]);
  assert.equal(said('step_1.safetensors.tmp'), undefined);
  assert.equal(said('.pt'), undefined);
  assert.equal(said('notes.txt'), undefined);
});

test('checkpoints of a run come in the order of their steps, the last one at the end', async (context) => {
  const root = temporaryFolder(context);
  for (const name of [
    'step_00000900.safetensors',
    'step_00000100.safetensors',
    'last.safetensors',
    'step_00001000.safetensors.tmp-12',
    'readme.md',
  ])
    write(root, `checkpoints/${name}`);
  const run = { source: 'trainyard', path: root, root, name: 'r' } as const;
  const found = await listRunCheckpoints({ run, name: 'digits', architecture: 'dit' });
  assert.deepEqual(
    found.map(({ fileName, step }) => [fileName, step]),
    [
      ['step_00000100.safetensors', 100],
      ['step_00000900.safetensors', 900],
      ['last.safetensors', undefined],
    ],
  );
  assert.deepEqual(
    found.map(({ runName, architecture, resumable, isLast, sizeBytes }) => [
      runName,
      architecture,
      resumable,
      isLast,
      sizeBytes,
    ])[2],
    ['digits', 'dit', true, true, 3],
  );
  assert.deepEqual(await listRunCheckpoints({ run: { ...run, path: path.join(root, 'none') }, name: 'x' }), []);
});

test('checkpoints by architecture are found with their archives', async (context) => {
  const root = temporaryFolder(context);
  for (const name of [
    'unet/last.pt',
    'unet/archive/a_epoch_0010.pt',
    'unet/archive/a_epoch_0005.pt',
    'dit_s/last.pt',
    'stray.pt',
  ])
    write(root, `outputs/ckpts/${name}`);
  const found = await listArchitectureCheckpoints(root);
  assert.deepEqual(
    found.map(({ architecture, fileName, runName, epoch, isLast, resumable }) => [
      architecture,
      fileName,
      runName,
      epoch,
      isLast,
      resumable,
    ]),
    [
      ['unet', 'a_epoch_0005.pt', 'a', 5, false, false],
      ['unet', 'a_epoch_0010.pt', 'a', 10, false, false],
      ['dit_s', 'last.pt', undefined, undefined, true, false],
      ['unet', 'last.pt', undefined, undefined, true, false],
    ],
  );
});

const safetensors = (header: string, data: number, length = BigInt(Buffer.byteLength(header))): Buffer => {
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(length);
  return Buffer.concat([prefix, Buffer.from(header), Buffer.alloc(data)]);
};

test('a safetensors header is read without the data', async (context) => {
  const file = path.join(temporaryFolder(context), 'a.safetensors');
  const header = JSON.stringify({
    __metadata__: { step: '12' },
    w: { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] },
  });
  writeFileSync(file, safetensors(header, 24));
  const read = await readSafetensorsHeader(file);
  assert.ok(read.ok);
  assert.deepEqual(read.value.tensors, [{ name: 'w', dtype: 'F32', shape: [2, 3], start: 0, end: 24 }]);
  assert.deepEqual([read.value.metadata.get('step'), read.value.whole], ['12', true]);
  writeFileSync(file, safetensors(header, 20));
  const cut = await readSafetensorsHeader(file);
  assert.equal(cut.ok && cut.value.whole, false);
});

test('files that are no safetensors, or are cut, are results', async (context) => {
  const file = path.join(temporaryFolder(context), 'a.safetensors');
  const reasonOf = async (content: Buffer): Promise<string> => {
    writeFileSync(file, content);
    const read = await readSafetensorsHeader(file);
    return read.ok ? 'ok' : read.reason;
  };
  assert.equal(await reasonOf(Buffer.alloc(4)), 'unfinished');
  assert.equal(await reasonOf(safetensors('{}', 0, 2n ** 63n)), 'bad-file');
  assert.equal(await reasonOf(safetensors('{}', 0, 90_000_000n)), 'unfinished');
  assert.equal(await reasonOf(safetensors('not json', 0)), 'bad-file');
  assert.equal(await reasonOf(safetensors('[1]', 0)), 'bad-file');
  assert.equal(await reasonOf(safetensors('{"w":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}', 4)), 'bad-file');
  assert.equal(await reasonOf(safetensors('{"w":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}', 4)), 'bad-file');
  const missing = await readSafetensorsHeader(`${file}.none`);
  assert.equal(missing.ok ? 'ok' : missing.reason, 'unreadable');
});
