import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import type { PathContent } from '../../../../src/domain/config.ts';
import { findData } from '../../../../src/worker/launching/findData.ts';

/** A project with data of every kind, and with much that is none. */
function project(t: TestContext): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'ty-find-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const files = [
    ...['README.md', 'requirements.txt', 'table.csv', 'questions.jsonl', 'genome.fa.gz'],
    ...['mnist/train-images-idx3-ubyte.gz', 'mnist/train-labels-idx1-ubyte.gz'],
    ...['shapes/train/a/1.png', 'shapes/train/b/1.jpg', 'shapes/test/a/2.png', 'shapes/test/b/2.jpg'],
    ...['pets/cat/1.JPG', 'pets/dog/1.jpeg', 'one/only/1.png'],
    ...['books/one.txt', 'books/two.txt', 'parts/train/x.csv', 'parts/test/y.csv'],
    ...['bert/model.onnx', 'bert/tokenizer.json', 'bert/config.json'],
    ...['runs/r1/model.onnx', 'runs/r1/samples/step.png', 'runs/r1/table.csv'],
    ...['node_modules/a/b.csv', '.cache/c.csv', 'wandb/d.csv', 'a/b/c/d/e/f/deep.csv'],
  ];
  for (const file of files) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), 'x');
  }
  symlinkSync(folder, path.join(folder, 'books', 'loop'));
  return folder;
}

test('data of each kind are found by their names, and nothing else is', async (t) => {
  const folder = project(t);
  const found = async (holds: PathContent) => (await findData(folder, holds)).map((place) => place.path);
  assert.deepEqual(await found('images'), ['mnist', 'pets', 'shapes']);
  assert.deepEqual(await found('table'), [
    'parts',
    'questions.jsonl',
    'table.csv',
    'parts/test/y.csv',
    'parts/train/x.csv',
  ]);
  assert.deepEqual(await found('language'), ['books', 'genome.fa.gz', 'books/one.txt', 'books/two.txt']);
  assert.deepEqual(await found('records'), ['questions.jsonl']);
  assert.deepEqual(await found('onnx'), ['bert/model.onnx', 'runs/r1/model.onnx']);
  assert.deepEqual(await found('tokenizer'), ['bert/tokenizer.json']);
});

test('a place says what was seen of it', async (t) => {
  const folder = project(t);
  const images = await findData(folder, 'images');
  assert.deepEqual(
    images.map(({ what }) => what),
    ['images as IDX files', '2 classes of images', '2 classes of images'],
  );
  const [parts, questions] = await findData(folder, 'table');
  assert.deepEqual(parts, { path: 'parts', isFolder: true, what: '1 file in train' });
  assert.deepEqual(questions, { path: 'questions.jsonl', isFolder: false, what: '', sizeBytes: 1 });
});

test('a link to a disk of data is followed', async (t) => {
  const folder = project(t);
  const disk = project(t);
  symlinkSync(disk, path.join(folder, 'disk'));
  symlinkSync(path.join(folder, 'gone'), path.join(folder, 'broken'));
  const images = await findData(folder, 'images');
  assert.deepEqual(
    images.map((place) => place.path),
    ['mnist', 'pets', 'shapes', 'disk/mnist', 'disk/pets', 'disk/shapes'],
  );
});

test('a folder that holds its classes itself is given as such, and one that is not there as nothing', async (t) => {
  const folder = project(t);
  assert.deepEqual(
    (await findData(path.join(folder, 'pets'), 'images')).map((place) => place.path),
    ['.'],
  );
  assert.deepEqual(
    (await findData(path.join(folder, 'shapes', 'train'), 'images')).map((place) => place.path),
    ['.'],
  );
  assert.deepEqual(await findData(path.join(folder, 'nowhere'), 'images'), []);
});
