import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseTarget } from '../../../../src/launch/chosenTarget.ts';
import { client, host } from '../openWorker.ts';

test('this machine is always there and says how it is', async () => {
  const { targets } = await client.call('targets.list', { folder: host.folder });
  assert.deepEqual(targets[0], { name: 'local', settings: { kind: 'local' } });
  const report = await client.call('targets.report', { folder: host.folder, target: { name: 'local' } });
  assert.deepEqual([report.name, report.kind, report.usable], ['local', 'local', true]);
  assert.match(report.lines.join('\n'), /GPU[\s\S]*processors[\s\S]*GiB of memory free[\s\S]*disk free/);
  await assert.rejects(client.call('targets.report', { folder: host.folder, target: { name: 'moon' } }), {
    code: 'not-found',
  });
});

test('a preset and single values are merged into the settings; what does not fit is said', () => {
  const cluster = {
    name: 'cluster',
    settings: {
      kind: 'slurm',
      partition: 'cpu',
      account: 'lab',
      presets: { big: { gres: 'gpu:4', time: '1-00:00:00' } },
    },
  } as const;
  const chosen = chooseTarget({ name: 'cluster', preset: 'big', values: { time: '02:00:00', nodes: 2 } }, [cluster]);
  assert.deepEqual(chosen.ok && chosen.value, {
    name: 'cluster',
    settings: { ...cluster.settings, gres: 'gpu:4', time: '02:00:00', nodes: 2 },
  });
  const wrong = [
    [{ name: 'x' }, /no target "x"\. There are local, cluster/],
    [{ name: 'cluster', preset: 'small' }, /no preset "small"\. There are big/],
    [{ name: 'local', preset: 'big' }, /this target has none/],
    [{ name: 'cluster', values: { color: 'red' } }, /nothing to choose called "color"\. There are partition/],
    [{ name: 'cluster', values: { constructor: 'red' } }, /nothing to choose called "constructor"/],
    [{ name: 'cluster', values: { nodes: 1.5 } }, /nodes of the target cluster must be a whole number/],
    [{ name: 'cluster', values: { options: ['a', 1] } }, /must be a list of texts/],
  ] as const;
  for (const [choice, message] of wrong) {
    const result = chooseTarget(choice, [cluster]);
    assert.match(result.ok ? '' : result.message, message);
  }
});
