import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { readCodeState } from '../../../src/launch/git.ts';
import { defaultRunName, nextRunName, runNameProblem } from '../../../src/launch/runName.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'git-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function git(...args: readonly string[]): string {
  return execFileSync('git', ['-c', 'user.name=T', '-c', 'user.email=t@example.org', ...args], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

test('outside a repository, and in one without a commit, there is nothing to say', async () => {
  assert.deepEqual(await readCodeState(folder), { dirty: false });
  git('init', '-q');
  assert.deepEqual(await readCodeState(folder), { dirty: false });
  assert.deepEqual(await readCodeState(path.join(folder, 'missing')), { dirty: false });
});

test('commit, branch and uncommitted changes are read; the patch restores them', async () => {
  git('init', '-q', '-b', 'trunk');
  writeFileSync(path.join(folder, 'a.txt'), 'one\n');
  git('add', '.');
  git('commit', '-qm', 'first');
  const commit = git('rev-parse', 'HEAD').trim();
  assert.deepEqual(await readCodeState(folder), { commit, branch: 'trunk', dirty: false });
  writeFileSync(path.join(folder, 'untracked'), 'x');
  assert.equal((await readCodeState(folder)).dirty, false);
  writeFileSync(path.join(folder, 'a.txt'), 'größer\n');
  const state = await readCodeState(folder);
  assert.equal(state.dirty, true);
  git('checkout', '-q', 'a.txt');
  writeFileSync(path.join(folder, 'p.patch'), state.patch!);
  git('apply', 'p.patch');
  assert.equal(readFileSync(path.join(folder, 'a.txt'), 'utf8'), 'größer\n');
  git('checkout', '-q', '--detach');
  assert.equal((await readCodeState(folder)).branch, undefined);
});

test("a launch takes none of the repository's locks and runs none of its programs", async () => {
  git('init', '-q');
  writeFileSync(path.join(folder, 'a.txt'), 'one\n');
  git('add', '.');
  git('commit', '-qm', 'first');
  git('config', 'diff.external', 'touch pwned');
  writeFileSync(path.join(folder, '.git', 'index.lock'), '');
  writeFileSync(path.join(folder, 'a.txt'), 'two\n');
  assert.equal((await readCodeState(folder)).dirty, true);
  assert.equal(existsSync(path.join(folder, 'pwned')), false);
});

test('a patch that is too large is left out', async () => {
  git('init', '-q');
  writeFileSync(path.join(folder, 'a.txt'), '');
  git('add', '.');
  git('commit', '-qm', 'first');
  writeFileSync(path.join(folder, 'a.txt'), 'a line of text\n'.repeat(800_000));
  const { dirty, patch } = await readCodeState(folder);
  assert.deepEqual([dirty, patch], [true, undefined]);
});

test('run names are names of folders on every system', () => {
  for (const good of ['a', 'mnist-1', 'A.b_c-9']) assert.equal(runNameProblem(good), undefined);
  for (const bad of ['', '.hidden', '-x', 'a/b', 'a b', 'größer', '..', 'a.', 'x'.repeat(121)])
    assert.match(runNameProblem(bad) ?? '', /\w/, bad);
  assert.deepEqual(['a', 'a-2', 'run-9', 'x-99-1'].map(nextRunName), ['a-2', 'a-3', 'run-10', 'x-99-2']);
  assert.match(defaultRunName('meanflow', new Date(2026, 0, 2, 3, 4, 5)), /^meanflow-20260102-030405$/);
});
