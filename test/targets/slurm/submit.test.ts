// Jobs on a real SLURM without accounts: the fast part, which npm test runs too.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { ensureSlurm } from './install.ts';
import { python, TestRuns } from './runs.ts';
import { TestCluster } from './testCluster.ts';

const obstacle = ensureSlurm({ accounts: false, install: process.env['TRAINYARD_SLURM_INSTALL'] === '1' });

describe('SLURM without accounts', { skip: obstacle === '' ? false : obstacle }, () => {
  let cluster: TestCluster;
  let runs: TestRuns;

  before(async () => {
    cluster = new TestCluster({ accounts: false });
    await cluster.start();
  });
  after(() => cluster.end());
  beforeEach(() => {
    runs = new TestRuns();
  });
  afterEach(() => runs.end());

  test('a job runs, and its log, code and state come back', async () => {
    const run = runs.run(python('import os; print("here", os.environ["FROM_RECORD"], os.environ["TRAINYARD_RUN_ID"])'));
    await runs.target.start(run);
    const end = await runs.until(run, 'ended');
    assert.equal(end.kind === 'ended' && end.exitCode, 0);
    assert.match(runs.text(run, 'output.log'), new RegExp(`here a 'b' \\$c ${run.runId}`));
  });
});
