import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measuredPage } from '../../../../src/extension/checkpoints/measured.ts';

test('figures, tables and what was missing stand on the page of a measured checkpoint', () => {
  const page = measuredPage({
    checkpoint: '/lab/runs/router/checkpoints/last.safetensors',
    run: 'router',
    step: 40,
    metrics: { 'test/accuracy': 0.75, 'test/loss': Number.NaN },
    texts: { 'test/confusion': '| true \\ predicted | a |\n|---|---:|\n| **a** | 4 |' },
    dataSets: { test: 'abc' },
    timings: {},
    missing: ['variants'],
  });
  assert.match(page, /^# router, step 40$/m);
  assert.match(page, /^\| `test\/accuracy` \| 0\.75 \|$/m);
  assert.match(page, /^\| `test\/loss` \| NaN \|$/m);
  assert.match(page, /^## test\/confusion\n\n\| true \\ predicted \| a \|$/m);
  assert.match(page, /The variants data are not there/);
  assert.match(page, /SHA-256 `abc`/);
});
