import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { snapshotFiles, type UntrackedList } from '../../../../src/launch/snapshot/snapshotFiles.ts';
import { keepUntracked } from '../../../../src/launch/snapshot/untracked.ts';
import { temporaryFolder } from '../../readers/support/events.ts';

function write(root: string, file: string, content: string): void {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
  writeFileSync(path.join(root, file), content);
}

async function keep(root: string, untracked: readonly string[], limits = { files: 10, bytesPerFile: 100, bytes: 150 }) {
  const files = await keepUntracked(root, untracked, [path.join(root, 'results')], limits);
  const list = files.find((file) => file.path === snapshotFiles.untrackedList);
  return { files, list: list === undefined ? undefined : (JSON.parse(String(list.content)) as UntrackedList) };
}

test('nothing untracked makes no files at all', async (context) => {
  assert.deepEqual((await keep(temporaryFolder(context), [])).files, []);
});

test('small files are kept with their mode; limits, results, secrets and links are named with their reason', async (context) => {
  const root = temporaryFolder(context);
  write(root, 'new/a b.py', 'print(1)');
  write(root, 'new/run.sh', 'exit');
  chmodSync(path.join(root, 'new/run.sh'), 0o755);
  write(root, 'new/weights.pt', 'x');
  write(root, 'new/wandb/x', 'x');
  write(root, 'new/.env', 'TOKEN=1');
  write(root, 'results/r/x', 'x');
  write(root, 'large.txt', 'x'.repeat(101));
  write(root, 'middle.txt', 'x'.repeat(100));
  write(root, 'more.txt', 'x'.repeat(60));
  write(root, 'other/.git', 'gitdir: elsewhere');
  write(root, 'other/code.py', 'x');
  symlinkSync('/etc/passwd', path.join(root, 'new', 'link'));
  const { files, list } = await keep(root, [
    'new/',
    'results/',
    'large.txt',
    'middle.txt',
    'more.txt',
    'gone.txt',
    'other/',
  ]);
  assert.deepEqual(list?.kept, ['middle.txt', 'new/a b.py', 'new/run.sh']);
  assert.equal(files.find((file) => file.path.endsWith('run.sh'))?.mode, 0o700);
  assert.equal(files.find((file) => file.path.endsWith('a b.py'))?.mode, 0o600);
  const reasons = new Map(list?.leftOut.map((each) => [each.path, each.reason]));
  assert.deepEqual([...reasons.keys()].sort(), [
    'gone.txt',
    'large.txt',
    'more.txt',
    'new/.env',
    'new/wandb/',
    'new/weights.pt',
    'results/',
  ]);
  assert.match(reasons.get('gone.txt')!, /ENOENT/);
  assert.match(reasons.get('large.txt')!, /larger than 100 bytes/);
  assert.match(reasons.get('more.txt')!, /all together/);
  assert.match(reasons.get('new/.env')!, /secrets/);
});

test('a folder of thousands of files costs no more than the limit', async (context) => {
  const root = temporaryFolder(context);
  for (let index = 0; index < 40; index++) write(root, `data/${String(index).padStart(3, '0')}.txt`, 'x');
  const { list } = await keep(root, ['data/', 'z/'], { files: 5, bytesPerFile: 10, bytes: 100 });
  assert.equal(list?.kept.length, 5);
  assert.deepEqual(
    list?.leftOut.map((each) => each.path),
    ['data/005.txt', '…'],
  );
});
