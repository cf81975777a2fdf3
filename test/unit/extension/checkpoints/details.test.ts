import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import type { Checkpoint, CheckpointDetails } from '../../../../src/domain/checkpoint.ts';
import { checkpointPage, checkpointTooltip } from '../../../../src/extension/checkpoints/details.ts';
import { inspectCheckpoint } from '../../../../src/readers/checkpoints/inspect.ts';

const file = path.resolve(import.meta.dirname, '../../../fixtures/checkpoints/lightning.ckpt');

async function details(): Promise<CheckpointDetails> {
  const read = await inspectCheckpoint(file);
  assert.ok(read.ok);
  return read.value;
}

const row: Checkpoint = {
  path: file,
  fileName: 'lightning.ckpt',
  architecture: 'mlp',
  format: 'torch',
  sizeBytes: 4_000,
  modifiedAt: 1_700_000_000,
  isLast: false,
  resumable: false,
};

test('the tooltip of a row says what its file holds; of one that cannot be read, why', async () => {
  const text = checkpointTooltip(row, await details());
  for (const part of ['PyTorch checkpoint', 'step: 84', 'epoch: 2', 'parameters: 36', '| `lr` |'])
    assert.ok(text.includes(part), `${part} in\n${text}`);
  assert.match(text, /\| `state_dict\.net\.0\.weight` \| float32 \| 3 × 4 \|/);
  assert.match(text, /and 2 more tensors/);
  const broken = checkpointTooltip(row, undefined, 'It ends in the middle.');
  assert.match(broken, /torch, 4\.0 kB, written/);
  assert.match(broken, /It ends in the middle\\\./);
  assert.equal(broken.includes('| Tensor |'), false);
});

test('the page has every fact, the configuration as it was kept, and all tensors', async () => {
  const known = await details();
  const page = checkpointPage(known);
  assert.match(page, /^# lightning\\\.ckpt\n/);
  assert.match(page, /\| step \| 84 \|/);
  assert.equal(page.split('\n').filter((line) => /\| float32 \||\| int64 \|/.test(line)).length, known.tensorCount);
  const block = /## Configuration\n\n```json\n([\s\S]*?)\n```/.exec(page)?.[1];
  assert.deepEqual(JSON.parse(block ?? ''), known.config);
});

test('texts of a file end neither their table nor their block', async () => {
  const hostile = { 'a|b': '```\n# not a title' };
  const tensors = [{ name: 'w|`x`', dtype: 'float32', shape: [] }];
  const page = checkpointPage({
    ...(await details()),
    config: hostile,
    tensors,
    tensorCount: 30_000,
    files: ['/a', '/b'],
  });
  assert.match(page, /````json\n[\s\S]*```\\n# not a title[\s\S]*\n````\n/);
  assert.match(page, /\| `` w¦`x` `` \| float32 \| scalar \|/);
  assert.match(page, /and 29999 more tensors/);
  assert.match(page, /## Files\n\n- `\/a`\n- `\/b`/);
});
