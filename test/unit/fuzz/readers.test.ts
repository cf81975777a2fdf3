import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { runFormats } from '../../../src/readers/index.ts';
import { fixEventFile, fixWandbLog, fixWriteAheadLog } from '../../fuzz/fixUps.ts';
import { fuzz, makeInput } from '../../fuzz/loop.ts';
import { readFormat } from '../../fuzz/readFormat.ts';
import { eventFileTree, wandbTree } from '../../fuzz/seeds/binary.ts';
import { trackioTrees } from '../../fuzz/seeds/databases.ts';
import type { Tree } from '../../fuzz/target.ts';
import { fuzzTargets } from '../../fuzz/targets.ts';
import { temporaryFolder } from '../readers/support/events.ts';

/** The long run is `npm run fuzz:readers`; this one sees that nothing falls over at once. */
const inputs = 60;

for (const [name, target] of Object.entries(fuzzTargets)) {
  test(`no spoiled file makes the reader of ${name} fail, hang or point outside its folder`, async (context) => {
    const findings = await fuzz(name, target, { seed: 'unit', inputs, folder: `${temporaryFolder(context)}/files` });
    assert.deepEqual(
      findings.map(({ index, message }) => `input ${index}: ${message}`),
      [],
    );
  });
}

test('every format of runs is a target', () => {
  const missing = runFormats
    .map(({ source }) => source)
    .filter((source) => source !== 'trainyard' && !(source in fuzzTargets));
  assert.deepEqual(missing, []);
});

test('the sound files that are spoiled are read, so that what is spoiled is reached', async (context) => {
  for (const format of runFormats) {
    const target = fuzzTargets[format.source];
    if (target === undefined) continue;
    let best = 0;
    for (const tree of target.seeds()) {
      const folder = `${temporaryFolder(context)}/files`;
      writeTree(folder, tree);
      const { found } = await readFormat(format, { tree, spoiled: Object.keys(tree)[0]!, folder, bytes: 1e6 });
      best = Math.max(best, found);
    }
    assert.ok(best > 5, `${format.source} finds ${best} things in its seeds.`);
  }
});

function writeTree(folder: string, tree: Tree): void {
  for (const [name, content] of Object.entries(tree)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), content);
  }
}

test('an input is the same each time it is made', () => {
  for (const [name, target] of Object.entries(fuzzTargets)) {
    const seeds = target.seeds();
    assert.deepEqual(makeInput(name, target, seeds, 's', 7), makeInput(name, target, seeds, 's', 7), name);
  }
});

test('checksums that are put right are those of the formats', () => {
  const [live] = trackioTrees().flatMap((tree) => Object.entries(tree).filter(([name]) => name.endsWith('-wal')));
  for (const [bytes, fix] of [
    [Object.values(eventFileTree())[0]!, fixEventFile],
    [Object.values(wandbTree())[0]!, fixWandbLog],
    [live![1], fixWriteAheadLog],
  ] as const) {
    const fixed = bytes.slice();
    fix(fixed);
    assert.deepEqual(Buffer.compare(fixed, bytes), 0, 'A sound file stays as it is.');
  }
});

test('a reader that breaks the contract is found', async (context) => {
  const folder = `${temporaryFolder(context)}/files`;
  const broken = { ...fuzzTargets['csv']!, read: () => Promise.reject(new Error('fell over')) };
  const [finding] = await fuzz('csv', broken, { seed: 'unit', inputs: 1, folder });
  assert.match(finding?.message ?? '', /fell over/);
  const endless = runFormats.find(({ source }) => source === 'tensorboard')!;
  const again = {
    ...endless,
    open: () => ({ poll: async () => ({ ...empty, more: true }), dispose: () => undefined }),
  };
  const tree = eventFileTree();
  await fuzz(
    'tensorboard',
    { ...fuzzTargets['tensorboard']!, read: () => undefined, seeds: () => [tree] },
    { seed: 'x', inputs: 1, folder },
  );
  await assert.rejects(
    readFormat(again, { tree, spoiled: Object.keys(tree)[0]!, folder: `${folder}/tree0`, bytes: 100 }),
    /still more/,
  );
});

const empty = { cursor: null, reset: false, more: false, facts: {}, scalars: [], media: [], problems: [] };
