import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import type { CheckpointDetails } from '../../../src/domain/checkpoint.ts';
import { trainyard } from './support.ts';

const fixtures = path.resolve(import.meta.dirname, '../../fixtures/checkpoints');

test('checkpoint prints what is in a file, for people and for programs', async () => {
  const file = path.join(fixtures, 'lightning.ckpt');
  const shown = await trainyard(['checkpoint', file]);
  assert.equal(shown.code, 0);
  assert.match(shown.stdout, /^kind +PyTorch checkpoint$/m);
  assert.match(shown.stdout, /^step +84$/m);
  assert.match(shown.stdout, /^state_dict\.net\.0\.weight +float32 +3 × 4$/m);
  const told = JSON.parse((await trainyard(['checkpoint', file, '--json'])).stdout) as CheckpointDetails;
  assert.deepEqual([told.kind, told.step, told.epoch, told.parameters, told.tensorCount], ['torch', 84, 2, 36, 10]);
});

test('checkpoint says why a file is none', async () => {
  const none = await trainyard(['checkpoint', path.join(fixtures, 'make.py')]);
  assert.equal(none.code, 1);
  assert.match(none.stderr, /no checkpoint of a known make/);
  const absent = await trainyard(['checkpoint', path.join(fixtures, 'absent.pt')]);
  assert.match(absent.stderr, /cannot be read/);
});
