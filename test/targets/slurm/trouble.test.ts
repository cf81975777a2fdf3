// What goes wrong on clusters, on a real SLURM with accounts: npm run test:slurm.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ensureSlurm } from './install.ts';
import { python, slurm, TestRuns } from './runs.ts';
import { TestCluster } from './testCluster.ts';

const obstacle = ensureSlurm({ accounts: true, install: process.env['TRAINYARD_SLURM_INSTALL'] === '1' });

/** Counts to 40 in steps of 0.1 s, keeps each step in a checkpoint, and goes on from one that it is given. */
const counting = python(`
import os, signal, sys, time
step = 0
for argument in sys.argv[1:]:
    if argument.startswith("--ckpt="):
        step = int(open(argument[7:]).read())
        print("resumed at", step)
folder = os.path.join(os.environ["TRAINYARD_RUN_DIR"], "checkpoints")
os.makedirs(folder, exist_ok=True)
def keep(*_):
    open(os.path.join(folder, "last.ckpt.new"), "w").write(str(step))
    os.replace(os.path.join(folder, "last.ckpt.new"), os.path.join(folder, "last.ckpt"))
def warned(*_):
    keep()
    print("warned at", step)
    sys.exit(0)
signal.signal(signal.SIGUSR1, warned)
while step < 40:
    time.sleep(0.1)
    step += 1
    if step % 5 == 0:
        keep()
        print("step", step)
print("done")
`);

describe('SLURM with accounts', { skip: obstacle === '' ? false : obstacle }, () => {
  let cluster: TestCluster;
  let runs: TestRuns;

  before(async () => {
    cluster = new TestCluster({ accounts: true });
    await cluster.start();
  });
  after(() => cluster.end());
  beforeEach(() => {
    runs = new TestRuns();
  });
  afterEach(() => {
    runs.end();
    slurm('scancel', '-u', 'root');
  });

  /** A run that needs every GPU of both nodes, so that it must push others out or wait. */
  const everything = { nodes: 2, gres: 'gpu:2' } as const;

  /** A requeued job waits two minutes by itself. */
  async function startNow(jobId: string): Promise<void> {
    for (let tries = 0; tries < 100; tries++) {
      const state = slurm('squeue', '-h', '-j', jobId, '-o', '%T').trim();
      if (state === 'PENDING') break;
      await delay(200);
    }
    slurm('scontrol', 'update', `jobid=${jobId}`, 'starttime=now');
  }

  test('a pre-empted run goes back to the queue and on from its checkpoint', async () => {
    const run = runs.run(
      counting,
      { partition: 'scav', ...everything, requeue: true },
      { entry: { resume: ['--ckpt={checkpoint}'] } },
    );
    await runs.target.start(run);
    await runs.said(run, 'step 10');
    const urgent = runs.run(['sleep', '1'], { partition: 'main', ...everything });
    await runs.target.start(urgent);
    await runs.until(run, /PENDING/);
    await runs.until(urgent, 'ended');
    await startNow(runs.jobId(run));
    const end = await runs.until(run, 'ended');
    assert.equal(end.kind === 'ended' && end.exitCode, 0);
    const log = runs.text(run, 'output.log');
    assert.match(log, /resumed at (10|15|20|25|30)\b/);
    assert.match(log, /done/);
    const starts = runs
      .text(run, 'slurm-starts.jsonl')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { job: string; restart: number });
    assert.deepEqual(
      starts.map(({ job, restart }) => [job, restart]),
      [
        [runs.jobId(run), 0],
        [runs.jobId(run), 1],
      ],
    );
  });

  test('a warned run keeps a checkpoint, is queued again by its script and loses no step', async () => {
    const settings = { partition: 'grace', ...everything, requeue: true, warnSeconds: 30 };
    const run = runs.run(counting, settings, { entry: { resume: ['--ckpt={checkpoint}'] } });
    await runs.target.start(run);
    await runs.said(run, 'step 10');
    const urgent = runs.run(['sleep', '1'], { partition: 'main', ...everything });
    await runs.target.start(urgent);
    await runs.said(run, 'warned at');
    await runs.until(run, /PENDING/);
    await runs.until(urgent, 'ended');
    await startNow(runs.jobId(run));
    const end = await runs.until(run, 'ended');
    assert.equal(end.kind === 'ended' && end.exitCode, 0);
    const log = runs.text(run, 'output.log');
    assert.equal(/warned at (\d+)/.exec(log)?.[1], /resumed at (\d+)/.exec(log)?.[1]);
  });

  test('a run that reaches its time limit says so and can be resumed', async () => {
    const run = runs.run(['sleep', '300'], { time: '1' });
    await runs.target.start(run);
    const end = await runs.until(run, 'ended');
    assert.ok(end.kind === 'ended' && end.failure === 'time-limit', JSON.stringify(end));
    assert.match(end.detail, /TIMEOUT.*time limit/);
    assert.equal(runs.json<{ stopRequested: boolean }>(run, 'exit.json').stopRequested, false);
  });

  test('the controller is killed and comes back: a job that runs is not lost, silence is no end', async () => {
    const run = runs.run(['bash', '-c', 'sleep 8; exit 3']);
    await runs.target.start(run);
    await runs.until(run, 'running');
    await delay(6_000);
    await cluster.kill('slurmctld');
    assert.notEqual(runs.target.inspect(run).kind, 'lost');
    await delay(3_000);
    cluster.startController();
    await cluster.untilControllerAnswers();
    const end = await runs.until(run, 'ended');
    assert.equal(end.kind === 'ended' && end.exitCode, 3);
  });

  test('a job that the controller forgot before it began is submitted again, though its number belongs to another job now', async () => {
    // Twenty tries would not make it sure that the controller is killed before it saves; whichever way it goes, the run must be done once.
    const run = runs.run(['true'], { options: ['--begin=now+2'] });
    await runs.target.start(run);
    await cluster.kill('slurmctld');
    const number = runs.jobId(run);
    cluster.startController();
    await cluster.untilControllerAnswers();
    const other = slurm('sbatch', '--parsable', '-o', '/dev/null', '--wrap=sleep 20').trim();
    const end = await runs.until(run, 'ended');
    assert.equal(end.kind === 'ended' && end.exitCode, 0, JSON.stringify(end));
    assert.equal(runs.text(run, 'slurm-starts.jsonl').trim().split('\n').length, 1);
    console.log(other === number ? 'The number was given again.' : 'The controller had saved the job.');
    if (other === number) assert.notEqual(runs.jobId(run), number);
  });

  test('a number that belongs to another job is not ours, whatever that job does', async () => {
    const other = slurm('sbatch', '--parsable', '-o', '/dev/null', '--comment=somebody', '--wrap=sleep 30').trim();
    const run = runs.run(['bash', '-c', 'exit 4']);
    // As a worker noted it, whose controller lost the job a moment later.
    runs.noteJob(run, other);
    const end = await runs.until(run, 'ended');
    assert.equal(end.kind === 'ended' && end.exitCode, 4);
    assert.notEqual(runs.jobId(run), other);
    assert.equal(slurm('squeue', '-h', '-j', other, '-o', '%T').trim(), 'RUNNING');
  });

  for (const when of ['before', 'during', 'after'] as const) {
    test(`a worker is killed ${when} its submission: the next one submits or finds the job, once`, async () => {
      const run = runs.run(['sleep', '1']);
      const killed = spawnSync(
        process.execPath,
        [path.resolve('test/targets/slurm/killedWorker.ts'), run.directory, run.runId, when],
        {
          encoding: 'utf8',
        },
      );
      assert.equal(killed.signal, 'SIGKILL', killed.stderr);
      assert.equal(runs.json<{ jobId?: string }>(run, 'slurm.json').jobId, undefined);
      await runs.target.start(run);
      const end = await runs.until(run, 'ended');
      assert.equal(end.kind === 'ended' && end.exitCode, 0);
      assert.equal(runs.text(run, 'slurm-starts.jsonl').trim().split('\n').length, 1);
      const jobs = slurm('squeue', '-h', '-t', 'all', '-o', '%i %k')
        .split('\n')
        .filter((line) => line.endsWith(run.runId));
      assert.equal(jobs.length, 1, jobs.join());
    });
  }

  test('two jobs of one run, as nobody should make them: the second one leaves', async () => {
    const run = runs.run(['bash', '-c', 'echo begun; sleep 2']);
    await runs.target.start(run);
    await runs.said(run, 'begun');
    const script = path.join(run.directory, 'slurm-job.sh');
    const second = slurm('sbatch', '--parsable', `--comment=${run.runId}`, script).trim();
    await runs.until(run, 'ended');
    for (
      let tries = 0;
      tries < 50 && slurm('squeue', '-h', '-j', second, '-t', 'all', '-o', '%T').trim() !== 'COMPLETED';
      tries++
    )
      await delay(100);
    assert.match(runs.text(run, 'output.log'), /leaves: the run belongs to job/);
    assert.equal(runs.text(run, 'output.log').match(/^begun$/gm)?.length, 1);
  });

  test('a worker that starts again adopts what waits and runs, and carries out a stop that another one was asked for', async () => {
    const running = runs.run(['sleep', '60']);
    const waiting = runs.run(['true'], { options: ['--begin=now+1hour'] });
    await Promise.all([running, waiting].map((run) => runs.target.start(run)));
    await runs.until(running, 'running');
    const first = runs.target;
    first.stop(waiting, { force: false });
    runs.newTarget();
    first.dispose();
    await runs.until(running, 'running');
    const stopped = await runs.until(waiting, 'ended');
    assert.equal(stopped.kind, 'ended');
    runs.target.stop(running, { force: true });
    const end = await runs.until(running, 'ended');
    assert.equal(runs.json<{ stopRequested: boolean }>(running, 'exit.json').stopRequested, true, JSON.stringify(end));
  });

  test('a node that goes down is a node failure', async () => {
    const run = runs.run(['sleep', '300'], { requeue: false, options: ['--nodelist=n1'] });
    await runs.target.start(run);
    await runs.until(run, 'running');
    await cluster.killNode('n1');
    try {
      const end = await runs.until(run, 'ended');
      assert.ok(end.kind === 'ended' && end.failure === 'node-failure', JSON.stringify(end));
    } finally {
      cluster.startNode('n1');
    }
  });
});
