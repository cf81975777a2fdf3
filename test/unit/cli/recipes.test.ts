import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { AppError } from '../../../src/base/errors.ts';
import { checkpointMeant, runFolderMeant } from '../../../src/cli/runFolder.ts';
import { recipes } from '../../../src/recipes/index.ts';
import { trainyard } from './support.ts';

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'ty-cli-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('recipes lists every recipe, and every key of one with its meaning', async () => {
  const list = await trainyard(['recipes']);
  assert.equal(list.code, 0);
  for (const { info } of recipes) assert.ok(list.stdout.includes(info.id) && list.stdout.includes(info.description));
  const one = await trainyard(['recipes', 'tabular']);
  const { fields } = recipes.find(({ info }) => info.id === 'tabular')!.info;
  for (const { key, description } of fields) {
    assert.ok(
      one.stdout.split('\n').some((line) => line.startsWith(`${key}=`) && line.includes(description)),
      key,
    );
  }
  assert.match(one.stdout, /^data=… .*must be given; a path/m);
  assert.match(one.stdout, /trainyard train tabular data=…\n$/);
  const json = JSON.parse((await trainyard(['recipes', 'tabular', '--json'])).stdout) as {
    recipe: { fields: unknown };
  };
  assert.deepEqual(json.recipe.fields, JSON.parse(JSON.stringify(fields)));
});

test('profile prints the page of a run, by its folder and by its name, and says how to make one', async (t) => {
  const folder = folderOf(t);
  mkdirSync(path.join(folder, 'runs', 'a'), { recursive: true });
  mkdirSync(path.join(folder, 'runs', 'b'));
  writeFileSync(path.join(folder, 'runs', 'a', 'profile.md'), '# Profile of a\n');
  for (const name of ['a', 'runs/a', path.join(folder, 'runs', 'a')]) {
    const { code, stdout } = await trainyard(['profile', name], { cwd: folder });
    assert.deepEqual([code, stdout], [0, '# Profile of a\n']);
  }
  const none = await trainyard(['profile', 'b'], { cwd: folder });
  assert.equal(none.code, 1);
  assert.match(none.stderr, /has no profile\.md\. .*trainyard train runs\/b\/config\.yaml --profile/);
});

test('a checkpoint is meant by its file, by its run, or by the name of its run', (t) => {
  const folder = folderOf(t);
  const last = path.join(folder, 'runs', 'digits-1', 'checkpoints', 'last.safetensors');
  mkdirSync(path.dirname(last), { recursive: true });
  const before = process.cwd();
  process.chdir(folder);
  t.after(() => process.chdir(before));
  const refused = (given: string, says: RegExp, find = checkpointMeant) =>
    assert.throws(
      () => find(given),
      (error) => error instanceof AppError && says.test(`${error.message} ${error.hint}`),
    );
  refused('runs/digits-1', /has no checkpoints.last\.safetensors\. .*checkpointEvery/);
  writeFileSync(last, 'x');
  for (const given of [last, 'runs/digits-1', 'digits-1']) assert.equal(checkpointMeant(given), last);
  refused('digits-2', /There is no .*digits-2\. Did you mean runs\/digits-1\?/);
  refused('something-else', /There is no .*something-else\. Give the path of a checkpoint/);
  refused(last, /is a file, not the folder of a run/, runFolderMeant);
});
