import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { test } from 'node:test';
import { processorIdentity } from '../../../src/trainer/engine/processor.ts';

test('a processor is told by its architecture, its name and its instruction sets', (t) => {
  const identity = processorIdentity();
  assert.ok(identity.startsWith(os.arch()));
  assert.equal(processorIdentity(), identity);
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return t.skip('Instruction sets are listed on Linux only.');
  const hasWideVectors = /\bavx512f\b/.test(readFileSync('/proc/cpuinfo', 'utf8'));
  assert.equal(/\bavx512f\b/.test(identity), hasWideVectors);
  assert.match(identity, /\bsse2\b/);
});
