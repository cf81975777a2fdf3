import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { hasNvidiaCard } from '../../../../src/trainer/devices/nvidiaCard.ts';

test('a card is seen by its maker or its driver, and is not denied where nothing can be known', {
  skip: process.platform !== 'linux' && 'only Linux lists its devices as files',
}, (t) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'ty-card-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const device = (name: string, vendor: string) => {
    mkdirSync(path.join(folder, name));
    writeFileSync(path.join(folder, name, 'vendor'), `${vendor}\n`);
  };
  device('0000:00:01.0', '0x8086');
  assert.equal(hasNvidiaCard(folder, []), false);
  const driver = path.join(folder, 'nvidiactl');
  assert.equal(hasNvidiaCard(folder, [driver]), false);
  writeFileSync(driver, '');
  assert.equal(hasNvidiaCard(folder, [driver]), true, 'the driver is there');
  device('0000:01:00.0', '0x10de');
  assert.equal(hasNvidiaCard(folder, []), true, 'a card without a driver');
  assert.equal(hasNvidiaCard(path.join(folder, 'nowhere'), []), true, 'nothing can be known');
});
