import assert from 'node:assert/strict';
import { closeSync, ftruncateSync, openSync, readdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import type { CheckpointDetails } from '../../../../src/domain/checkpoint.ts';
import { inspectCheckpoint } from '../../../../src/readers/index.ts';
import { temporaryFolder } from '../support/events.ts';
import { dict, op, pickle, tensor } from './support/pickle.ts';
import { makeZip, zipOf } from './support/zip.ts';

const fixtures = path.resolve(import.meta.dirname, '../../../fixtures/checkpoints');
const expected = JSON.parse(readFileSync(path.join(fixtures, 'expected.json'), 'utf8')) as {
  readonly [file: string]: readonly (readonly [string, string, readonly number[]])[];
};

const details = async (file: string): Promise<CheckpointDetails> => {
  const read = await inspectCheckpoint(file);
  assert.ok(read.ok, read.ok ? '' : read.message);
  return read.value;
};

const failure = async (file: string): Promise<string> => {
  const read = await inspectCheckpoint(file);
  return read.ok ? 'ok' : `${read.reason}: ${read.message}`;
};

for (const [name, tensors] of Object.entries(expected)) {
  test(`${name} has the tensors that PyTorch finds in it`, async () => {
    const found = await details(path.join(fixtures, name));
    assert.deepEqual(
      found.tensors.map(({ name: tensorName, dtype, shape }) => [tensorName, dtype, shape]),
      tensors,
    );
    assert.equal(found.tensorCount, tensors.length);
  });
}

test('every recorded file is compared', () => {
  const files = readdirSync(fixtures).filter((name) => /\.(pt|pth|ckpt)$/.test(name));
  assert.deepEqual(files.sort(), Object.keys(expected).sort());
});

test('counters, configuration, versions and figures come out of training checkpoints', async () => {
  const own = await details(path.join(fixtures, 'training.pt'));
  assert.deepEqual([own.kind, own.epoch, own.step], ['torch', 3, undefined]);
  assert.deepEqual(own.config, { lr: 0.001, model: { name: 'cnn', channels: [1, 2] }, limit: 'Infinity' });
  assert.deepEqual(own.metrics, { best_loss: 0.25 });
  assert.match(own.versions['torch'] ?? '', /^\d+\.\d+/);
  assert.deepEqual(own.sections, [
    { name: 'model', tensors: 9, elements: 36 },
    { name: 'optimizer', tensors: 6, elements: 29 },
  ]);
  assert.equal(own.parameters, 36);
  const lightning = await details(path.join(fixtures, 'lightning.ckpt'));
  assert.deepEqual([lightning.epoch, lightning.step, lightning.parameters], [2, 84, 36]);
  assert.deepEqual(lightning.config, { lr: 0.01, betas: [0.9, 0.99], root: 'data/mnist' });
  assert.deepEqual(lightning.versions, { 'pytorch-lightning': '2.3.3' });
  const other = await details(path.join(fixtures, 'arguments.pth'));
  assert.deepEqual([other.step, other.config, other.metrics], [500, { arch: 'resnet', seed: 7 }, { val_acc: 91.5 }]);
});

test('what holds no dictionary says what it is', async () => {
  const said = async (name: string): Promise<unknown> => {
    const { kind, notes } = await details(path.join(fixtures, name));
    return [kind, notes.join(' ')];
  };
  assert.deepEqual(await said('state_dict.pt'), ['torch', 'It holds the weights alone (a state_dict).']);
  assert.deepEqual(await said('legacy.pt'), ['legacy-torch', 'It holds the weights alone (a state_dict).']);
  assert.deepEqual(await said('tensor.pt'), ['torch', 'It holds a single tensor.']);
  assert.deepEqual(await said('script.pt'), ['torchscript', '']);
  const [kind, note] = (await said('module.pt')) as [string, string];
  assert.equal(kind, 'torch');
  assert.match(note, /torch\.nn\.modules\.container\.Sequential, which only the program/);
});

test('numbers that share their storage count once', async () => {
  const { sections, tensorCount } = await details(path.join(fixtures, 'kinds.pt'));
  // same and again are the same nine numbers; view lies within them at an offset of its own.
  assert.deepEqual([tensorCount, sections.map(({ elements }) => elements)], [14, [98]]);
});

const small = pickle(dict({ epoch: op.int(7), state_dict: dict({ w: tensor('FloatStorage', '0', [2, 3]) }) }));

test('archives with ZIP64 fields are read like others', async (context) => {
  const file = path.join(temporaryFolder(context), 'a.pt');
  for (const wide of [false, true]) {
    writeFileSync(
      file,
      zipOf(
        [
          { name: 'a/data.pkl', content: small },
          { name: 'a/data/0', content: Buffer.alloc(24) },
        ],
        { wide },
      ),
    );
    const { epoch, parameters, notes } = await details(file);
    assert.deepEqual([epoch, parameters, notes], [7, 6, []]);
  }
});

test('an archive above 4 GiB is read at its end', async (context) => {
  const file = path.join(temporaryFolder(context), 'large.pt');
  const far = 5 * 2 ** 30;
  const { body, directory } = makeZip([{ name: 'a/data.pkl', content: small }], { wide: true, base: far });
  const handle = openSync(file, 'w');
  writeSync(handle, Buffer.from('PK\x03\x04'), 0, 4, 0);
  writeSync(handle, body, 0, body.length, far);
  writeSync(handle, directory, 0, directory.length, far + body.length);
  closeSync(handle);
  const { epoch, sizeBytes } = await details(file);
  assert.deepEqual([epoch, sizeBytes], [7, far + body.length + directory.length]);
});

test('a file that is still being copied gives what stands at its beginning', async (context) => {
  const file = path.join(temporaryFolder(context), 'a.pt');
  const whole = readFileSync(path.join(fixtures, 'training.pt'));
  writeFileSync(file, whole.subarray(0, 3000));
  const { epoch, config, notes } = await details(file);
  assert.deepEqual([epoch, config?.['lr']], [3, 0.001]);
  assert.match(notes.join(' '), /no end/);
  writeFileSync(file, whole.subarray(0, 600));
  assert.equal((await details(file)).epoch, 3);
  assert.match((await details(file)).notes.join(' '), /Only a part/);
});

test('other files are named for what they are', async (context) => {
  const folder = temporaryFolder(context);
  const file = path.join(folder, 'a.pt');
  writeFileSync(file, zipOf([{ name: 'weights.npy', content: Buffer.alloc(10) }]));
  assert.match(await failure(file), /^bad-file: .*without data\.pkl.*weights\.npy/);
  writeFileSync(file, 'hello');
  assert.match(await failure(file), /^unfinished: .*5 bytes/);
  writeFileSync(file, 'hello, this is a text');
  assert.match(await failure(file), /^bad-file: .*no checkpoint of a known make/);
  assert.match(await failure(path.join(folder, 'none.pt')), /^unreadable: /);
  assert.match(await failure(folder), /^bad-file: .*no model folder/);
  writeFileSync(file, pickle(dict({ step: op.int(4), config: dict({ a: op.int(1) }) })));
  const { step, config, notes } = await details(file);
  assert.deepEqual([step, config, notes], [4, { a: 1 }, ['It is a plain pickle, not a file of torch.save.']]);
});

test('a directory that points anywhere does no harm', async (context) => {
  const file = path.join(temporaryFolder(context), 'a.pt');
  const sound = zipOf([{ name: 'a/data.pkl', content: small }]);
  for (const [at, value] of [
    [sound.length - 6, 0xfffffff0],
    [sound.length - 10, 0xfffffff0],
    [sound.length - 22 - 46 - 10 + 42, 0x7fffffff],
  ] as const) {
    const spoiled = Buffer.from(sound);
    spoiled.writeUInt32LE(value, at);
    writeFileSync(file, spoiled);
    assert.notEqual(await failure(file), 'ok');
  }
  const handle = openSync(file, 'w');
  ftruncateSync(handle, 100);
  closeSync(handle);
  assert.match(await failure(file), /^bad-file/);
});
