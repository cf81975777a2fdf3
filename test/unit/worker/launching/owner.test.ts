import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endsWithOverrides, includesOverrides } from '../../../../src/worker/launching/linking/hydraOutput.ts';
import { compareSettings, wordsOf } from '../../../../src/worker/launching/linking/jobWords.ts';
import { type Candidate, ownerOf } from '../../../../src/worker/launching/linking/owner.ts';

const job = (name: string, open: Candidate<string>['open'], ...command: string[]): Candidate<string> => ({
  job: name,
  open,
  words: wordsOf(name, [command]),
});
const place = { names: ['dainty-sunset-0'], config: undefined, isShared: true };

test('names and settings of a job are read from its command lines, however they are written', () => {
  const { names, settings } = wordsOf('job-1', [
    ['python3', 'train.py', 'run_name=a/b', '+optimizer.lr=1e-3', '--batch-size', '8', "--project='my lab'", '--fast'],
  ]);
  for (const name of ['job-1', 'a/b', '8', 'my lab', 'train.py']) assert.ok(names.has(name), name);
  assert.equal(names.has('--fast'), false);
  assert.deepEqual(
    ['run_name', 'optimizer.lr', 'batch_size', 'project'].map((key) => settings.get(key)),
    ['a/b', '1e-3', '8', 'my lab'],
  );
});

test('settings are compared with configurations as trees and as flat keys; numbers by their value', () => {
  const words = wordsOf('a', [
    ['train.py', 'optimizer.lr=1e-3', '--batch-size', '8', 'model=cnn', '--bf16=True', 'x=1'],
  ]);
  const config = { optimizer: { lr: 0.001 }, 'batch-size': 16, model: { name: 'cnn' }, bf16: true };
  assert.deepEqual(compareSettings(words, config), { same: 2, other: 1 });
  assert.deepEqual(compareSettings(words, { 'optimizer.lr': 0.001 }), { same: 1, other: 0 });
  assert.deepEqual(compareSettings(words, {}), { same: 0, other: 0 });
});

test('of a file of one run: who has it open; of a shared one the name, then settings, then who alone always has it open; then time', () => {
  const [a, b, c] = [
    job('a', 'steady', 'train.py', 'lr=1'),
    job('b', 'never', 'train.py', 'lr=2'),
    job('c', 'never', 'train.py', 'lr=3'),
  ];
  assert.deepEqual(ownerOf({ ...place, isShared: false, names: ['b'] }, [a, b]), { job: 'a', by: 'open' });
  assert.deepEqual(ownerOf({ ...place, names: ['x', 'c'] }, [a, b, c]), { job: 'c', by: 'name' });
  assert.deepEqual(ownerOf({ ...place, config: { lr: 3 } }, [a, b, c]), { job: 'c', by: 'settings' });
  assert.deepEqual(ownerOf(place, [a, b]), { job: 'a', by: 'open' });
  assert.deepEqual(ownerOf({ ...place, config: { lr: 2 } }, [b]), { job: 'b', by: 'settings' });
  assert.deepEqual(ownerOf(place, [b]), { job: 'b', by: 'time' });
});

test('what cannot be told is nobody’s: jobs alike, settings of neither, seen by chance, no job at work', () => {
  const [a, b] = [job('a', 'steady', 'train.py', 'lr=1'), job('b', 'seen', 'train.py', 'lr=2')];
  assert.equal(ownerOf(place, [a, b]), undefined);
  assert.equal(ownerOf(place, [b, job('c', 'never')]), undefined);
  assert.equal(ownerOf({ ...place, config: { lr: 3 } }, [a, b]), undefined);
  assert.equal(ownerOf({ ...place, config: { lr: 1 } }, [a, { ...a, job: 'c' }]), undefined);
  assert.equal(ownerOf(place, []), undefined);
});

test('overrides are found at the end of a command line, and a launcher may add some to those it was given', () => {
  const overrides = ['device=cpu', 'model=cnn', '~trainer.x'];
  assert.equal(endsWithOverrides(['/usr/bin/python3', '-u', '/lab/train.py', ...overrides], overrides), true);
  assert.equal(endsWithOverrides(['torchrun', '--nproc=2', '-m', 'lab.train', ...overrides], overrides), true);
  assert.equal(endsWithOverrides(['python3', 'launcher.py', 'model=cnn'], overrides), false);
  assert.equal(includesOverrides(['--backend', 'model=cnn', 'hydra.verbose=true'].slice(1), overrides), true);
  assert.equal(includesOverrides(['model=unet'], overrides), false);
});
