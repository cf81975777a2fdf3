import assert from 'node:assert/strict';
import { readdirSync, readFileSync, renameSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { rememberedScan } from '../../../../src/trainer/data/files/rememberedScan.ts';
import { temporaryFolder } from '../support.ts';
import { request, tokenSource, withSet, writeFiles } from './requests.ts';

const always = { leastBytes: 0, settledMs: -60_000 };

/** A cache of its own for a test. Gives the folder of what is remembered. */
function freshCache(t: TestContext): string {
  const before = process.env['XDG_CACHE_HOME'];
  const root = temporaryFolder(t);
  process.env['XDG_CACHE_HOME'] = root;
  t.after(() => {
    if (before === undefined) delete process.env['XDG_CACHE_HOME'];
    else process.env['XDG_CACHE_HOME'] = before;
  });
  return path.join(root, 'trainyard', 'data');
}

test('a scan is made once, and again when anything about a file differs', async (t) => {
  const cache = freshCache(t);
  const folder = writeFiles(temporaryFolder(t), { 'a.bin': 'aaaa', 'b.bin': 'bbbb' });
  const files = ['a.bin', 'b.bin'].map((name) => path.join(folder, name));
  let scans = 0;
  const scan = () =>
    rememberedScan(
      'content',
      files,
      async () => {
        scans++;
        return { text: files.map((file) => readFileSync(file, 'utf8')).join(), numbers: Float64Array.of(1.5, 2) };
      },
      always,
    );
  const first = await scan();
  assert.deepEqual(await scan(), first);
  assert.deepEqual(first, { text: 'aaaa,bbbb', numbers: Float64Array.of(1.5, 2) });
  assert.equal(scans, 1);
  const [entry] = readdirSync(cache);
  assert.equal(statSync(path.join(cache, entry!)).mode & 0o777, 0o600);
  assert.equal(statSync(cache).mode & 0o777, 0o700);

  const { atime, mtime } = statSync(files[1]!);
  writeFileSync(files[1]!, 'cccc');
  utimesSync(files[1]!, atime, mtime);
  assert.equal((await scan()).text, 'aaaa,cccc', 'other bytes of the same length, with the old time put back');
  writeFileSync(path.join(folder, 'other'), 'dddd');
  utimesSync(path.join(folder, 'other'), atime, mtime);
  renameSync(path.join(folder, 'other'), files[0]!);
  assert.equal((await scan()).text, 'dddd,cccc', 'another file under the same name');
  assert.equal(scans, 3);
});

test('what changed a moment ago, changes meanwhile or is small is scanned again', async (t) => {
  freshCache(t);
  const file = path.join(writeFiles(temporaryFolder(t), { 'a.bin': 'aaaa' }), 'a.bin');
  let scans = 0;
  const count = (options: Parameters<typeof rememberedScan>[3], change = () => {}) =>
    rememberedScan(
      'count',
      [file],
      async () => {
        change();
        return ++scans;
      },
      options,
    );
  for (const options of [{ leastBytes: 0 }, {}]) {
    await count(options);
    await count(options);
  }
  assert.equal(scans, 4);
  await count(always, () => writeFileSync(file, 'aaaaa'));
  assert.equal(await count(always), 6);
  assert.equal(await count(always), 6);
});

test('a damaged or foreign memory is not believed', async (t) => {
  const cache = freshCache(t);
  const file = path.join(writeFiles(temporaryFolder(t), { 'a.bin': 'aaaa' }), 'a.bin');
  let scans = 0;
  const count = (what: string) => rememberedScan(what, [file], async () => ++scans, always);
  assert.equal(await count('one'), 1);
  const [one] = readdirSync(cache);
  truncateSync(path.join(cache, one!), 12);
  assert.equal(await count('one'), 2);
  assert.equal(await count('two'), 3);
  const two = readdirSync(cache).find((name) => name !== one)!;
  writeFileSync(path.join(cache, one!), readFileSync(path.join(cache, two)));
  assert.equal(await count('one'), 4, 'the value of another scan');
});

test('a large genome that was indexed before gives the same examples, and one that changed gives others', async (t) => {
  const cache = freshCache(t);
  const folder = temporaryFolder(t);
  const file = path.join(folder, 'x.fa');
  const line = `${'ACGTTGCA'.repeat(16)}\n`;
  const write = (last: string) => {
    writeFileSync(file, `>one\n${line.repeat(530_000)}>two\n${last}\n`);
    const old = new Date(Date.now() - 3_600_000);
    utimesSync(file, old, old);
  };
  const read = () =>
    withSet(request(file, tokenSource({ vocabulary: 'dna', window: 64, stride: 64 })), (set) => ({
      sha256: set.sha256,
      examples: set.facts.examples,
      isStored: set.plan !== undefined,
      last: Array.from(set.gather([set.facts.examples - 1])['tokens'] as Int32Array).slice(0, 4),
    }));
  write('ACGT');
  const first = await read();
  assert.deepEqual(readdirSync(cache), [], 'the inode changed a moment ago');
  await new Promise((resolve) => setTimeout(resolve, 2100));
  assert.deepEqual(await read(), first);
  assert.equal(readdirSync(cache).length, 1);
  assert.deepEqual(await read(), first);
  assert.deepEqual([first.isStored, first.last], [true, [3, 4, 5, 6]]);
  write('TTTT');
  const changed = await read();
  assert.deepEqual(changed.last, [6, 6, 6, 6]);
  assert.notEqual(changed.sha256, first.sha256);
});
