import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { LaunchRecord } from '../../../../src/domain/launch.ts';
import { looksLikeSecret, redacted, secretIn, withoutSecrets } from '../../../../src/launch/snapshot/secrets.ts';
import { client, host } from '../openWorker.ts';
import { eventually } from '../testWorker.ts';

test('hardware, packages and data are added to the record while the run is at work', async () => {
  host.write('train.py', 'import time; time.sleep(0.2)');
  const data = host.write('data/train.csv', 'a,b\n1,2\n');
  host.write('data/set/one.txt', '1');
  const { run, runId } = await client.call('command.launch', {
    requestId: 'a',
    folder: host.folder,
    command: ['python3', 'train.py'],
    arguments: ['seed=1', 'data=data/train.csv', 'set=data/set', 'missing=data/none.csv', 'home=/'],
    target: { name: 'local' },
    gpus: 0,
  });
  const record = () => JSON.parse(readFileSync(path.join(run.path, 'launch.json'), 'utf8')) as LaunchRecord;
  await host.until(client, runId, 'finished', 'failed');
  await eventually(() => record().commandLaunch?.snapshot.includes('snapshot/data.json') === true);
  const tree = (name: string) => JSON.parse(readFileSync(path.join(run.path, 'snapshot', name), 'utf8'));
  const hardware = tree('hardware.json') as { processors: number; versions: { node: string } };
  assert.ok(hardware.processors > 0);
  assert.equal(hardware.versions.node, process.versions.node);
  const listed = tree('data.json') as { key: string; path: string; kind: string; bytes: number; sha256: string }[];
  assert.deepEqual(
    listed.map(({ key, kind, bytes }) => [key, kind, bytes]),
    [
      ['data', 'file', 8],
      ['set', 'folder', 1],
    ],
  );
  assert.equal(listed[0]!.sha256, createHash('sha256').update(readFileSync(data)).digest('hex'));
  const packages = path.join(run.path, 'snapshot', 'packages.txt');
  // A Python without pip has nothing to say, and then there is no such file.
  assert.equal(existsSync(packages), record().commandLaunch?.snapshot.includes('snapshot/packages.txt'));
  if (existsSync(packages)) assert.match(readFileSync(packages, 'utf8'), /^# Python 3/);
});

test('secrets are known by name, and by value where they stand in a text', () => {
  assert.deepEqual(
    withoutSecrets({ HF_TOKEN: 'a', WANDB_API_KEY: 'b', DB_PASSWORD: 'c', TOKENIZERS_PARALLELISM: 'd' }),
    {
      open: { TOKENIZERS_PARALLELISM: 'd' },
      secret: ['HF_TOKEN', 'WANDB_API_KEY', 'DB_PASSWORD'],
    },
  );
  const env = { A_TOKEN: 'correct horse', SHORT_KEY: 'abc', PATH: '/usr/bin-and-more' };
  assert.deepEqual(
    [secretIn('x=correct horse', env), secretIn('abc', env), secretIn('/usr/bin-and-more', env)],
    ['A_TOKEN', undefined, undefined],
  );
  assert.equal(redacted('u: https://me:pa55@host/x\nv: correct horse', env), 'u: https://me:…@host/x\nv: <A_TOKEN>');
  const looks = ['wandb.api_key=0123456789abc', '--token=0123abcdef', '+hub.password=longenough'];
  const fine = [
    'model.max_tokens=40960000',
    ['token=$', '{oc.env:HF_TOKEN}'].join(''),
    'tokenizer=bpe-large-cased',
    'data.key=value-of-it',
    'secret=null',
  ];
  assert.deepEqual([looks.filter(looksLikeSecret), fine.filter(looksLikeSecret)], [looks, []]);
});
