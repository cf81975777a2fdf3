// A cluster behind ssh that does not see this machine's disk: code goes over, files come back. A real sshd and a real SLURM, both on the loopback.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import type { Executed, ExecuteOptions } from '../../../src/launch/remote/executor.ts';
import { slurmFilesOf } from '../../../src/launch/slurm/slurmExecutor.ts';
import { SshExecutor } from '../../../src/launch/ssh/sshExecutor.ts';
import { SshHosts } from '../../../src/launch/ssh/sshHosts.ts';
import { missingServer, SshServer } from '../ssh/sshServer.ts';
import { ensureSlurm } from './install.ts';
import { python, TestRuns } from './runs.ts';
import { TestCluster } from './testCluster.ts';

const obstacle =
  missingServer() ?? ensureSlurm({ accounts: false, install: process.env['TRAINYARD_SLURM_INSTALL'] === '1' });

/** A login shell of a cluster knows where its SLURM is configured; here that must be said. */
class ClusterExecutor extends SshExecutor {
  override run(command: readonly string[], options: ExecuteOptions = {}): Promise<Executed> {
    return super.run(command, { ...options, env: { ...options.env, SLURM_CONF: process.env['SLURM_CONF'] ?? '' } });
  }
}

describe('SLURM behind ssh', { skip: obstacle === '' ? false : obstacle }, () => {
  let cluster: TestCluster;
  let server: SshServer;
  let hosts: SshHosts;
  let runs: TestRuns;

  before(async () => {
    cluster = new TestCluster({ accounts: false });
    server = new SshServer();
    await Promise.all([cluster.start(), server.start()]);
  });
  after(() => Promise.all([cluster.end(), server.end()]));
  beforeEach(() => {
    hosts = new SshHosts();
    runs = new TestRuns('distant-', {
      executorFor: ({ ssh }) => new ClusterExecutor(hosts.host(ssh!)),
      filesFor: (settings) => slurmFilesOf(hosts, settings),
    });
  });
  afterEach(() => {
    runs.end();
    hosts.dispose();
  });

  /** A repository here, and a folder "over there". */
  function repository(): {
    readonly folder: string;
    readonly settings: { readonly ssh: ReturnType<SshServer['place']>; readonly folder: string };
  } {
    const folder = path.join(runs.folder, 'repository');
    mkdirSync(folder);
    writeFileSync(
      path.join(folder, 'train.py'),
      'import helper, json, os, sys\nhelper.log("csv/metrics.csv")\nopen("model.ckpt", "w").write("weights")\nprint("argv", json.dumps(sys.argv[1:]))\nsys.exit(3)\n',
    );
    writeFileSync(
      path.join(folder, 'helper.py'),
      'import os\ndef log(name):\n  os.makedirs(os.path.dirname(name), exist_ok=True)\n  open(name, "w").write("step,loss\\n1,0.5\\n")\n',
    );
    execFileSync('git', ['init', '-q'], { cwd: folder });
    return { folder, settings: { ssh: server.place('box'), folder: path.join(runs.folder, 'there') } };
  }

  test('code goes over, the run and its metrics come back, and the code is the end', async () => {
    const { folder, settings } = repository();
    const words = ["it's", '$(id)', 'two\nlines', 'ü'];
    const run = runs.run(['python3', 'train.py', ...words], settings, { cwd: folder });
    await runs.target.start(run);
    const end = await runs.until(run, 'ended');
    assert.equal(end.kind === 'ended' && end.exitCode, 3, runs.text(run, 'output.log'));
    const said = /argv (.*)/.exec(runs.text(run, 'output.log'))?.[1] ?? '';
    assert.deepEqual(JSON.parse(said), words);
    assert.equal(
      readFileSync(path.join(run.directory, 'work/repository/csv/metrics.csv'), 'utf8'),
      'step,loss\n1,0.5\n',
    );
    assert.equal(existsSync(path.join(folder, 'csv')), false);
    const listed = runs.target.files(run);
    assert.deepEqual(
      listed.map((file) => [file.path, file.here]),
      [['work/repository/model.ckpt', false]],
    );
    assert.equal(readFileSync(await runs.target.fetch(run, listed[0]!.path), 'utf8'), 'weights');
    assert.ok((await runs.target.clear(run)) > 0);
    assert.equal(existsSync(path.join(settings.folder, 'runs', run.runId)), false);
    assert.deepEqual(runs.target.files(run), []);
  });

  test('a connection that breaks is no end, and a stop is carried out behind it', async () => {
    const { folder, settings } = repository();
    const run = runs.run(
      python('import time\nprint("up")\ntry:\n  time.sleep(90)\nexcept KeyboardInterrupt:\n  raise SystemExit(44)'),
      settings,
      { cwd: folder },
    );
    await runs.target.start(run);
    await runs.until(run, 'running');
    await runs.said(run, 'up');
    server.killConnections();
    assert.notEqual(runs.target.inspect(run).kind, 'lost');
    runs.target.stop(run, { force: false });
    const end = await runs.until(run, 'ended');
    assert.equal(end.kind === 'ended' && end.exitCode, 44, JSON.stringify(end));
    assert.equal(runs.json<{ stopRequested: boolean }>(run, 'exit.json').stopRequested, true);
  });

  test('several runs are one array there, and each comes back to its own directory', async () => {
    const { folder, settings } = repository();
    const places = [0, 1, 2].map((index) =>
      runs.run(['sh', '-c', `echo task ${index}; exit ${index}`], settings, { cwd: folder }),
    );
    await Promise.all(places.map((place) => runs.target.start(place)));
    assert.equal(new Set(places.map((place) => runs.jobId(place).split('_')[0])).size, 1);
    for (const [index, place] of places.entries()) {
      const end = await runs.until(place, 'ended');
      assert.equal(end.kind === 'ended' && end.exitCode, index);
      assert.match(runs.text(place, 'output.log'), new RegExp(`task ${index}`));
    }
  });

  test("a script of the user's: its output is the log", async () => {
    const { folder, settings } = repository();
    writeFileSync(
      path.join(folder, 'job.slurm'),
      '#!/bin/bash\n#SBATCH -o out-%j.txt\necho "from $PWD"\nsleep 4\necho end\n',
    );
    const run = runs.run(['sbatch', 'job.slurm'], settings, { cwd: folder, entry: { kind: 'slurm' } });
    await runs.target.start(run);
    const end = await runs.until(run, 'ended');
    assert.equal(end.kind === 'ended' && end.exitCode, 0);
    assert.match(runs.text(run, 'output.log'), /from .*there\/runs\/.*\/work/);
  });
});
