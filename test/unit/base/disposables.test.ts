import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Disposables, Replaceable, trackDisposables, undisposed } from '../../../src/base/disposables.ts';
import { Emitter } from '../../../src/base/emitter.ts';

test('items end in reverse order, once, and late ones at once', () => {
  const ended: string[] = [];
  const owner = new Disposables();
  owner.onDispose(() => ended.push('first'));
  owner.onDispose(() => ended.push('second'));
  owner.dispose();
  owner.dispose();
  owner.onDispose(() => ended.push('late'));
  assert.deepEqual(ended, ['second', 'first', 'late']);
});

test('an item that throws does not keep the others alive', () => {
  let ended = false;
  const owner = new Disposables();
  owner.onDispose(() => {
    ended = true;
  });
  owner.onDispose(() => {
    throw new Error('no');
  });
  assert.throws(() => owner.dispose(), /no/);
  assert.ok(ended);
});

test('an owner that is left open is reported with the place that made it', () => {
  trackDisposables();
  const left = new Disposables();
  new Disposables().dispose();
  const stacks = undisposed();
  assert.equal(stacks.length, 1);
  assert.match(stacks[0]!, /disposables\.test/);
  left.dispose();
});

test('a replaceable ends the value before', () => {
  const ended: number[] = [];
  const make = (id: number) => ({ dispose: () => void ended.push(id) });
  const current = new Replaceable<{ dispose(): void }>();
  current.set(make(1));
  current.set(make(2));
  assert.deepEqual(ended, [1]);
  current.dispose();
  current.set(make(3));
  assert.deepEqual(ended, [1, 2, 3]);
});

test('an emitter serves every listener though one throws', () => {
  const heard: number[] = [];
  const emitter = new Emitter<number>();
  emitter.event(() => {
    throw new Error('bad listener');
  });
  const second = emitter.event((value) => heard.push(value));
  assert.throws(() => emitter.fire(1), /bad listener/);
  second.dispose();
  assert.throws(() => emitter.fire(2), /bad listener/);
  assert.deepEqual(heard, [1]);
});
