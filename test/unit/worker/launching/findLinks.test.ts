import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { FoundRun } from '../../../../src/domain/records.ts';
import { type LinkedJob, linkByTime } from '../../../../src/worker/launching/linking/findLinks.ts';

let folder: string;

before(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'ty-links-'));
});

after(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('a run that was made after the job’s end is not the job’s, one that was made before is', async () => {
  const place = path.join(folder, 'logs', 'other');
  mkdirSync(place, { recursive: true });
  writeFileSync(path.join(place, 'events.out.tfevents.1.host'), '');
  const run = { path: place, source: 'tensorboard' } as FoundRun;
  const startedAt = Date.now() - 60_000;
  const job: LinkedJob = { directory: path.join(folder, 'runs', 'a'), folder, cwd: folder, args: [], startedAt };
  assert.equal(await linkByTime({ ...job, endedAt: startedAt + 1000 }, run), undefined);
  assert.equal((await linkByTime({ ...job, endedAt: Date.now() + 1000 }, run))?.path, place);
  assert.equal((await linkByTime(job, run))?.path, place);
});
