import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { gitVersion, readCodeState } from '../../../src/launch/git.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'ty-git-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function git(...args: readonly string[]): string {
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.org'];
  return execFileSync('git', [...identity, ...args], { cwd: folder, encoding: 'utf8', stdio: 'pipe' }).trim();
}

function commitOneFile(): string {
  git('init', '--quiet', '--initial-branch=main');
  writeFileSync(path.join(folder, 'train.yaml'), 'steps: 1\n');
  git('add', '.');
  git('commit', '--quiet', '--message=first');
  return git('rev-parse', 'HEAD');
}

test('a clean repository gives its commit and branch', async () => {
  const commit = commitOneFile();
  assert.deepEqual(await readCodeState(folder), { commit, branch: 'main', dirty: false });
});

test('a folder inside a repository belongs to it', async () => {
  const commit = commitOneFile();
  mkdirSync(path.join(folder, 'deep/er'), { recursive: true });
  assert.equal((await readCodeState(path.join(folder, 'deep/er'))).commit, commit);
});

test('uncommitted changes come as a patch that applies', async () => {
  commitOneFile();
  writeFileSync(path.join(folder, 'train.yaml'), 'steps: 2\n');
  const { dirty, patch } = await readCodeState(folder);
  assert.equal(dirty, true);
  git('checkout', '--quiet', '--', '.');
  execFileSync('git', ['apply', '-'], { cwd: folder, input: patch ?? '' });
  assert.match(git('diff'), /\+steps: 2/);
});

test('files that git does not follow do not make a repository dirty', async () => {
  commitOneFile();
  writeFileSync(path.join(folder, 'notes.txt'), 'x');
  assert.equal((await readCodeState(folder)).dirty, false);
});

test('without a repository there is nothing to say', async () => {
  assert.deepEqual(await readCodeState(folder), { dirty: false });
});

test('the version of git is known', async () => {
  assert.equal(`git version ${await gitVersion()}`, execFileSync('git', ['--version'], { encoding: 'utf8' }).trim());
});
