import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { isCovered, type LinkedJob, linksByOpenFiles } from '../../../../src/worker/launching/linking/findLinks.ts';
import { hydraFolderAround, sameOverrides } from '../../../../src/worker/launching/linking/hydraOutput.ts';
import { openFilesOf, ProcessTable } from '../../../../src/worker/launching/linking/processFiles.ts';
import { temporaryFolder } from '../../readers/support/events.ts';
import { eventually } from '../testWorker.ts';

const onlyLinux = process.platform === 'linux' ? false : 'open files of other processes are seen on Linux only';

function jobIn(folder: string, startedAt = Date.now()): LinkedJob {
  const directory = path.join(folder, 'runs', 'a');
  mkdirSync(directory, { recursive: true });
  return { directory, folder, cwd: folder, args: [], startedAt };
}

function touch(file: string): string {
  mkdirSync(path.dirname(file), { recursive: true });
  appendFileSync(file, '');
  return file;
}

test("the files that a job's processes have open are seen, also those of children in groups of their own", {
  skip: onlyLinux,
}, async (context) => {
  const folder = temporaryFolder(context);
  const script = `
    const { spawn } = require('child_process'); const fs = require('fs');
    fs.openSync(process.argv[1] + '/own.log', 'a');
    spawn(process.execPath, ['-e', "require('fs').openSync(process.argv[1] + '/child.log', 'a'); setInterval(() => {}, 1000)", process.argv[1]], { detached: true, stdio: 'ignore' });
    setInterval(() => {}, 1000)`;
  const child = spawn(process.execPath, ['-e', script, folder], { detached: true, stdio: 'ignore' });
  let pids: readonly number[] = [];
  context.after(() => {
    for (const pid of pids) process.kill(pid, 'SIGKILL');
  });
  await eventually(async () => {
    pids = (await ProcessTable.read()).ofJob(child.pid!);
    const files = await openFilesOf(pids);
    return ['own.log', 'child.log'].every((name) => files.has(path.join(folder, name)));
  });
  assert.equal(pids.length, 2);
  assert.equal(pids.includes(process.pid), false);
  assert.equal(
    (await ProcessTable.read()).except(pids).some((pid) => pids.includes(pid)),
    false,
  );
});

test('an event file leads to its folder, or to itself where the folder has older ones', async (context) => {
  const folder = temporaryFolder(context);
  const job = jobIn(folder);
  const file = touch(path.join(folder, 'logs', 'tb', 'events.out.tfevents.1.h'));
  const [link] = await linksByOpenFiles(job, [file, path.join(folder, 'data', 'x.csv')], []);
  assert.deepEqual([link?.path, link?.only], [path.dirname(file), undefined]);
  assert.match(link!.evidence, /has logs\/tb\/events/);
  assert.deepEqual(await linksByOpenFiles(job, [file], [link!]), []);
  const later = { ...job, startedAt: Date.now() + 60_000 };
  const [single] = await linksByOpenFiles(later, [file], []);
  assert.deepEqual([single?.path, single?.only], [path.dirname(file), 'events.out.tfevents.1.h']);
  assert.equal(isCovered(file, [single!]), true);
  assert.equal(isCovered(`${file}.v2`, [single!]), false);
});

test('the output folder of Hydra is linked as a whole, a sweep by its root, and never the project or what holds the runs', async (context) => {
  const folder = temporaryFolder(context);
  const job = jobIn(folder);
  const output = path.join(folder, 'outputs', 'day', 'time');
  touch(path.join(output, '.hydra', 'overrides.yaml'));
  const log = touch(path.join(output, 'deep', 'er', 'train.log'));
  assert.deepEqual(
    (await linksByOpenFiles(job, [log], [])).map(({ path: place }) => place),
    [output],
  );
  const sweep = path.join(folder, 'multirun', 'day', 'time');
  touch(path.join(sweep, 'multirun.yaml'));
  touch(path.join(sweep, '0', '.hydra', 'overrides.yaml'));
  const first = touch(path.join(sweep, '0', 'train.log'));
  assert.deepEqual(
    (await linksByOpenFiles(job, [first], [])).map(({ path: place }) => place),
    [sweep],
  );
  assert.equal(await hydraFolderAround(path.join(folder, 'data', 'x'), folder), undefined);
  // A program whose Hydra writes into the project itself.
  touch(path.join(folder, '.hydra', 'overrides.yaml'));
  const events = touch(path.join(folder, 'tb', 'events.out.tfevents.1.h'));
  assert.deepEqual(
    (await linksByOpenFiles(job, [events, touch(path.join(folder, 'train.log'))], [])).map(({ path: place }) => place),
    [path.dirname(events)],
  );
  const atTop = touch(path.join(folder, 'events.out.tfevents.2.h'));
  assert.deepEqual(
    (await linksByOpenFiles(job, [atTop], [])).map(({ path: place, only }) => [place, only]),
    [[folder, 'events.out.tfevents.2.h']],
  );
});

test('an output folder of Hydra that was there before the start is not linked', async (context) => {
  const folder = temporaryFolder(context);
  const output = path.join(folder, 'outputs', 'day', 'time');
  const overrides = touch(path.join(output, '.hydra', 'overrides.yaml'));
  writeFileSync(path.join(output, 'train.log'), '');
  utimesSync(overrides, 1, 1);
  const job = jobIn(folder, Date.now() + 60_000);
  assert.deepEqual(await linksByOpenFiles(job, [path.join(output, 'train.log')], []), []);
});

test("overrides are the same whatever their order, and Hydra's own are told elsewhere", () => {
  assert.equal(sameOverrides(['a=1', 'hydra.run.dir=x', '+b=2', '--config-name=c'], ['+b=2', 'a=1']), true);
  assert.equal(sameOverrides(['a=1'], ['a=2']), false);
  assert.equal(sameOverrides(['a=1', 'a=1'], ['a=1']), false);
  assert.equal(sameOverrides([], []), true);
});
