import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { shutDownWorker } from '../../../src/client/index.ts';
import { event, metadata, summary, temporaryFolder, tensor, value, version } from '../readers/support/events.ts';
import { bytes } from '../readers/support/proto.ts';
import { trainyard } from './support.ts';

test('what a run printed and what it logged beside numbers is listed, printed and saved', async (context) => {
  const lab = temporaryFolder(context);
  const env = { TRAINYARD_HOME: path.join(lab, 'home') };
  context.after(() => shutDownWorker({ client: 'cli', version: '0.0.0', env: { ...process.env, ...env } }));
  const job = path.join(lab, 'outputs', 'job');
  mkdirSync(path.join(job, '.hydra'), { recursive: true });
  writeFileSync(path.join(job, '.hydra', 'config.yaml'), 'lr: 0.1\n');
  writeFileSync(path.join(job, 'train.log'), '[2026-01-02 03:04:05,678][__main__][INFO] - began\nand ended ü\n');
  const text = (step: number, words: string) =>
    event(1_700_000_000 + step, step, summary(value('note', tensor(7, [1], bytes(8, words)), metadata('text'))));
  const log = Buffer.concat([version(), text(1, 'first'), text(5, 'the **last**')]);
  mkdirSync(path.join(lab, 'logs'));
  writeFileSync(path.join(lab, 'logs', 'events.out.tfevents.1700000000.host'), log);

  const run = (...args: readonly string[]) => trainyard(args, { cwd: lab, env });
  const json = async <T>(...args: readonly string[]): Promise<T> => {
    const { code, stdout, stderr } = await run(...args, '--json');
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as T;
  };

  const listed = await json<{ console: { title: string; file: string; encoding: string }[] }>(
    'console',
    'outputs/job',
    '--list',
  );
  assert.deepEqual(
    listed.console.map(({ file, encoding }) => [file, encoding]),
    [[path.join(job, 'train.log'), 'text']],
  );
  assert.match((await run('console', 'outputs/job', listed.console[0]!.title)).stdout, /began\nand ended ü\n$/);
  assert.equal((await run('console', 'outputs/job', '0', '--tail', '9')).stdout, 'ended ü\n');
  const wrong = await run('console', 'outputs/job', 'stderr');
  assert.deepEqual([wrong.code, wrong.stdout], [1, '']);
  assert.match(wrong.stderr, /has no console log "stderr"\. It has /);

  const { media } = await json<{ media: { tag: string; step: number; kind: string }[] }>('media', 'logs');
  assert.deepEqual(
    media.map(({ tag, step, kind }) => [tag, step, kind]),
    [
      ['note', 1, 'text'],
      ['note', 5, 'text'],
    ],
  );
  assert.equal((await run('media', 'logs', 'note', '--output', '-')).stdout, 'the **last**');
  const saved = await run('media', 'logs', 'note', '--step', '1', '--output', 'note.md');
  assert.match(saved.stdout, /^note of step 1 is in note\.md \(text\/markdown\)\.\n$/);
  assert.equal(readFileSync(path.join(lab, 'note.md'), 'utf8'), 'first');
  for (const [args, line] of [
    [['media', 'logs', 'none', '--output', '-'], /has nothing of the tag "none" but numbers\. It has note\./],
    [['media', 'logs', 'note', '--step', '2', '--output', '-'], /note has nothing at step 2, place 0\./],
    [['media', 'logs', 'note', '--output', '/nowhere/x'], /\/nowhere\/x cannot be written/],
  ] as const) {
    const { code, stderr } = await run(...args);
    assert.equal(code, 1);
    assert.match(stderr, line);
  }
});
