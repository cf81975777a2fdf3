import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { FoundRun, MediaPlace, MediaRecord } from '../../../../src/domain/records.ts';
import { readMedia } from '../../../../src/worker/runs/runFiles.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'media-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function file(name: string, text = name): string {
  const full = path.join(root, name);
  mkdirSync(path.dirname(full), { recursive: true });
  writeFileSync(full, text);
  return full;
}

const at = (place: MediaPlace): MediaRecord => ({
  tag: 'a',
  kind: 'text',
  step: 1,
  wallTime: 1,
  index: 0,
  mime: 'text/plain',
  place,
});
const run = (name: string, parts: FoundRun['parts'] = []): FoundRun => ({
  source: 'wandb',
  path: path.join(root, name),
  root,
  name,
  parts,
});
const text = async (found: FoundRun, place: MediaPlace) => Buffer.from(await readMedia(found, at(place))).toString();

test('media are read from the run, from its parts and from beside its database, whole and in pieces', async () => {
  file('run/files/a.txt', 'own');
  file('part/b.txt', 'of the part');
  file('db/x.db', '');
  file('db/media/c.txt', 'beside');
  const found = run('run', [{ source: 'csv', path: path.join(root, 'part'), why: 'test' }]);
  assert.equal(await text(found, { at: 'file', file: 'files/a.txt' }), 'own');
  assert.equal(await text(found, { at: 'file', file: 'b.txt', base: path.join(root, 'part') }), 'of the part');
  assert.equal(
    await text(found, { at: 'range', file: 'b.txt', base: path.join(root, 'part'), offset: 3, length: 3 }),
    'the',
  );
  assert.equal(await text(run('db/x.db'), { at: 'file', file: 'media/c.txt' }), 'beside');
  assert.equal(await text(found, { at: 'inline', text: 'here' }), 'here');
});

test('no name and no link leads out of the places of a run', async () => {
  const secret = file('secret.txt');
  file('run/a.txt');
  file('runner/a.txt');
  symlinkSync(secret, path.join(root, 'run/link.txt'));
  symlinkSync(root, path.join(root, 'run/folder'));
  const places: MediaPlace[] = [
    { at: 'file', file: '../secret.txt' },
    { at: 'file', file: secret },
    { at: 'file', file: 'link.txt' },
    { at: 'file', file: 'folder/secret.txt' },
    { at: 'file', file: 'a.txt', base: path.join(root, 'runner') },
    { at: 'range', file: 'secret.txt', base: root, offset: 0, length: 2 },
  ];
  for (const place of places)
    await assert.rejects(text(run('run'), place), { code: 'bad-file' }, JSON.stringify(place));
  await assert.rejects(text(run('run'), { at: 'file', file: 'gone.txt' }), { code: 'not-found' });
  await assert.rejects(text(run('run'), { at: 'range', file: 'a.txt', offset: 0, length: 100 }), { code: 'bad-file' });
});

test('a piece of a log is read where the reader found the log, also behind a link', async () => {
  const log = file('scratch/log', 'the log');
  mkdirSync(path.join(root, 'run'));
  symlinkSync(log, path.join(root, 'run/log'));
  assert.equal(await text(run('run'), { at: 'range', file: 'log', offset: 4, length: 3 }), 'log');
});
