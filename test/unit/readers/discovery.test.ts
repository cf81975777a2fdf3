import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { AppError } from '../../../src/base/errors.ts';
import { discover } from '../../../src/readers/discovery/discover.ts';
import type { RunFormat } from '../../../src/readers/format.ts';
import { type Discovery, discoverRuns } from '../../../src/readers/index.ts';
import { temporaryFolder } from './support/events.ts';

const addLog = (root: string, folder: string): void => {
  mkdirSync(path.join(root, folder), { recursive: true });
  writeFileSync(path.join(root, folder, 'events.out.tfevents.1.host'), '');
};
const names = async (root: string, options = {}): Promise<string[]> =>
  (await discoverRuns(root, options)).runs.map(({ name }) => name);

test('runs are found at any depth, nested ones included, in the order of their paths', async (context) => {
  const root = temporaryFolder(context);
  for (const folder of ['b/version_0', 'a/train', 'a', 'c/d/e/f g/h']) addLog(root, folder);
  writeFileSync(path.join(root, 'b', 'notes.txt'), '');
  const { runs } = await discoverRuns(root);
  assert.deepEqual(
    runs.map(({ name }) => name),
    ['a', 'a/train', 'b/version_0', 'c/d/e/f g/h'],
  );
  assert.deepEqual(runs[2], {
    source: 'tensorboard',
    path: path.join(root, 'b', 'version_0'),
    root,
    name: 'b/version_0',
  });
  addLog(root, '.');
  assert.equal((await names(root))[0], path.basename(root));
});

test('packed logs and folders of the name are no runs', async (context) => {
  const root = temporaryFolder(context);
  for (const name of ['a.tfevents.1.gz', 'b.tfevents.tmp', 'c.tfevents~']) writeFileSync(path.join(root, name), '');
  mkdirSync(path.join(root, 'events.out.tfevents.2.host'));
  assert.deepEqual(await names(root), []);
});

test('folders that never hold runs, environments and excluded folders are passed by, and said', async (context) => {
  const root = temporaryFolder(context);
  const passed = ['.git', 'node_modules/x', 'venv', 'env-of-mine', 'conda', 'data/big', 'old/runs/a'];
  for (const folder of ['runs/ok', ...passed]) addLog(root, folder);
  writeFileSync(path.join(root, 'env-of-mine', 'pyvenv.cfg'), '');
  mkdirSync(path.join(root, 'conda', 'conda-meta'));
  const { runs, skipped } = await discoverRuns(root, { exclude: ['big', 'old/**'] });
  assert.deepEqual(
    runs.map(({ name }) => name),
    ['runs/ok'],
  );
  assert.deepEqual(skipped.map(({ path: folder }) => path.relative(root, folder)).toSorted(), [
    '.git',
    'conda',
    'data/big',
    'env-of-mine',
    'node_modules',
    'old',
    'venv',
  ]);
  assert.ok(skipped.every(({ reason }) => reason !== ''));
});

test('patterns stay within a name or cross folders as written', async (context) => {
  const root = temporaryFolder(context);
  for (const folder of ['exp-1/a', 'exp-22/a', 'x/exp-1', 'deep/x/y/z', 'a+b']) addLog(root, folder);
  assert.deepEqual(await names(root, { exclude: ['exp-?'] }), ['a+b', 'deep/x/y/z', 'exp-22/a']);
  assert.deepEqual(await names(root, { exclude: ['/exp-*/'] }), ['a+b', 'deep/x/y/z', 'x/exp-1']);
  assert.deepEqual(await names(root, { exclude: ['deep/**/z', 'a+b', ''] }), ['exp-1/a', 'exp-22/a', 'x/exp-1']);
});

test('links are followed once, loops end, and a folder is found under its real path', async (context) => {
  const root = temporaryFolder(context);
  const outside = temporaryFolder(context);
  addLog(root, 'zz/real');
  addLog(outside, 'far');
  symlinkSync(path.join(root, 'zz'), path.join(root, 'aa'));
  symlinkSync(root, path.join(root, 'zz', 'up'));
  symlinkSync('self', path.join(root, 'self'));
  symlinkSync(path.join(root, 'nowhere'), path.join(root, 'dangling'));
  symlinkSync(outside, path.join(root, 'logs'));
  const file = path.join(root, 'linked-file');
  mkdirSync(file);
  symlinkSync(path.join(root, 'zz/real/events.out.tfevents.1.host'), path.join(file, 'events.out.tfevents.9.host'));
  assert.deepEqual(await names(root), ['linked-file', 'logs/far', 'zz/real']);
});

test('a second walk lists only folders that changed, and finds what came and went', async (context) => {
  const root = temporaryFolder(context);
  for (let index = 0; index < 5; index++) addLog(root, `runs/r${index}`);
  const old = Date.now() / 1000 - 100;
  const folders = ['', 'runs', ...[0, 1, 2, 3, 4].map((index) => `runs/r${index}`)];
  for (const folder of folders) utimesSync(path.join(root, folder), old, old);
  const first = await discoverRuns(root);
  const second = await discoverRuns(root, { previous: first.index });
  assert.deepEqual(second.runs, first.runs);
  for (const [folder, indexed] of second.index) assert.equal(indexed, first.index.get(folder), folder);

  rmSync(path.join(root, 'runs/r1'), { recursive: true });
  addLog(root, 'runs/r9/deeper');
  renameSync(path.join(root, 'runs/r2/events.out.tfevents.1.host'), path.join(root, 'runs/r2/other'));
  const third = await discoverRuns(root, { previous: second.index });
  assert.deepEqual(
    third.runs.map(({ name }) => name),
    ['runs/r0', 'runs/r3', 'runs/r4', 'runs/r9/deeper'],
  );
  assert.equal(third.index.get(path.join(root, 'runs/r3')), first.index.get(path.join(root, 'runs/r3')));
});

test('a folder that changed a moment ago is listed again, since its clock may be coarse', async (context) => {
  const root = temporaryFolder(context);
  const first = await discoverRuns(root);
  const { signature } = first.index.get(root)!;
  addLog(root, '.');
  // The folder's time as a disk with a coarse clock would still show it.
  const [seconds] = [first.index.get(root)!.modifiedAt];
  utimesSync(root, seconds, seconds);
  const second = await discoverRuns(root, { previous: new Map([[root, { ...first.index.get(root)!, signature }]]) });
  assert.equal(second.runs.length, 1);
});

test('a root that is no folder is an error, and a walk can be given up', async (context) => {
  const root = temporaryFolder(context);
  await assert.rejects(
    discoverRuns(path.join(root, 'none')),
    (error) => error instanceof AppError && error.code === 'not-found',
  );
  await assert.rejects(discoverRuns(root, { signal: AbortSignal.abort() }));
});

/** A format whose files `*.box` name a run per line; it counts how often each is opened. */
function boxes(settled = false) {
  const opened: string[] = [];
  const format: RunFormat = {
    source: 'registry',
    title: 'Boxes of a test',
    match: ({ path: folder, root, files }) => {
      const containers = files
        .filter((name) => name.endsWith('.box'))
        .map((name) => ({
          source: 'registry' as const,
          path: path.join(folder, name),
          root,
          beside: [path.join(folder, `${name}-log`)],
        }));
      return containers.length === 0 ? undefined : { runs: [], containers, descend: true };
    },
    list: async ({ path: file, root }) => {
      opened.push(path.basename(file));
      const text = readFileSync(file, 'utf8').trim();
      if (text === '') return { runs: [], settled, skipped: 'it is empty' };
      const keys = text.split('\n');
      return { settled, runs: keys.map((key) => ({ source: 'registry', path: file, key, root, name: key })) };
    },
    open: () => assert.fail('nothing is read here'),
  };
  const walk = async (root: string, previous?: Discovery) => {
    const found = await discover(root, [format], previous === undefined ? {} : { previous: previous.index });
    return { ...found, keys: found.runs.map(({ key }) => key), opened: opened.splice(0) };
  };
  return walk;
}

function write(file: string, text: string, secondsAgo = 100): void {
  writeFileSync(file, text);
  const then = Date.now() / 1000 - secondsAgo;
  utimesSync(file, then, then);
  utimesSync(path.dirname(file), then - 1, then - 1);
}

test('a container is opened again only when it, or what lies beside it, has changed', async (context) => {
  const root = temporaryFolder(context);
  const walk = boxes();
  const file = path.join(root, 'a.box');
  write(file, 'one\n');
  const first = await walk(root);
  assert.deepEqual([first.keys, first.opened], [['one'], ['a.box']]);
  const second = await walk(root, first);
  assert.deepEqual([second.keys, second.opened], [['one'], []]);
  write(file, 'one\ntwo\n', 90);
  const third = await walk(root, second);
  assert.deepEqual([third.keys, third.opened], [['one', 'two'], ['a.box']]);
  write(`${file}-log`, 'x', 80);
  const fourth = await walk(root, third);
  assert.deepEqual([fourth.keys, fourth.opened], [['one', 'two'], ['a.box']]);
  rmSync(file);
  const fifth = await walk(root, fourth);
  assert.deepEqual([fifth.keys, fifth.opened], [[], []]);
});

test('a container that was written a moment ago is opened again; a settled one only when it shrinks or is another file', async (context) => {
  const root = temporaryFolder(context);
  const file = path.join(root, 'a.box');
  const restless = boxes();
  write(file, 'one\n', 0);
  const fresh = await restless(root);
  assert.deepEqual((await restless(root, fresh)).opened, ['a.box']);
  const walk = boxes(true);
  const first = await walk(root);
  write(file, 'one\nmore\n', 0);
  const grown = await walk(root, first);
  assert.deepEqual([grown.keys, grown.opened], [['one'], []]);
  write(file, 'x\n', 0);
  assert.deepEqual((await walk(root, grown)).keys, ['x']);
  writeFileSync(`${file}.new`, 'another one and more of it\n');
  renameSync(`${file}.new`, file);
  assert.deepEqual((await walk(root, grown)).keys, ['another one and more of it']);
});

test('why a container holds nothing is told with every walk', async (context) => {
  const root = temporaryFolder(context);
  const walk = boxes();
  write(path.join(root, 'a.box'), '');
  const first = await walk(root);
  const second = await walk(root, first);
  assert.deepEqual(second.opened, []);
  assert.deepEqual(second.skipped, [{ path: path.join(root, 'a.box'), reason: 'it is empty' }]);
});
