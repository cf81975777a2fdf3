// Jobs on a real SLURM without accounts: the fast part, which npm test runs too.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { ensureSlurm } from './install.ts';
import { python, slurm, TestRuns } from './runs.ts';
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

  test('what a program leaves with is the end, and the words of the launch arrive unchanged', async () => {
    const words = [
      "it's",
      '"',
      '$(touch pwned)',
      '`id`',
      'two\nlines',
      'blank ',
      '\\',
      '*',
      '',
      'ключ=значение',
      '~',
      '-n',
      ';',
      'a=[1,2]',
      '%j',
      '!',
    ];
    const script = 'import sys, json; open("argv.json", "w").write(json.dumps(sys.argv[1:])); sys.exit(7)';
    const folder = path.join(runs.folder, "a folder with 'blanks' & 100% ünïcode");
    mkdirSync(folder);
    const run = runs.run([...python(script), ...words], {}, { cwd: folder });
    await runs.target.start(run);
    const end = await runs.until(run, 'ended');
    assert.equal(end.kind === 'ended' && end.exitCode, 7);
    assert.deepEqual(JSON.parse(readFileSync(path.join(folder, 'argv.json'), 'utf8')), words);
    assert.deepEqual(readdirSync(folder), ['argv.json']);
  });

  test('a run directory with blanks, signs and other letters is no obstacle', async () => {
    const other = new TestRuns("runs %j $(id) 'ü'\\ -");
    try {
      const run = other.run(python('print("still here")'), { setup: ['export FROM_SETUP="$((40 + 2))"'] });
      const second = other.run(['bash', '-c', 'echo "setup $FROM_SETUP in $PWD"'], {
        setup: ['export FROM_SETUP="$((40 + 2))"'],
      });
      await Promise.all([other.target.start(run), other.target.start(second)]);
      for (const one of [run, second]) {
        const end = await other.until(one, 'ended');
        assert.equal(end.kind === 'ended' && end.exitCode, 0, JSON.stringify(end));
      }
      assert.match(other.text(run, 'output.log'), /still here/);
      assert.ok(other.text(second, 'output.log').includes(`setup 42 in ${other.folder}`));
    } finally {
      other.end();
    }
  });

  test('any list of arguments arrives as it is', async () => {
    const lists = fc.sample(
      fc.array(fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0') && text.isWellFormed())),
      8,
    );
    const script = 'import sys, os; open("argv", "wb").write(b"".join(os.fsencode(a) + b"\\0" for a in sys.argv[1:]))';
    const places = lists.map((list, index) => {
      const cwd = path.join(runs.folder, `cwd-${index}`);
      mkdirSync(cwd);
      return runs.run([...python(script), ...list], {}, { cwd });
    });
    await Promise.all(places.map((place) => runs.target.start(place)));
    for (const [index, place] of places.entries()) {
      await runs.until(place, 'ended');
      const bytes = readFileSync(path.join(runs.folder, `cwd-${index}`, 'argv'));
      assert.deepEqual(bytes, Buffer.from(lists[index]!.map((word) => `${word}\0`).join('')));
    }
  });

  test('runs that start together are one array job, each with its own log and code', async () => {
    const places = [0, 1, 2, 3].map((code) =>
      runs.run(python(`import sys; print("task", ${code}); sys.exit(${code})`), { arrayLimit: 2 }),
    );
    await Promise.all(places.map((place) => runs.target.start(place)));
    const ids = places.map((place) => runs.jobId(place));
    assert.equal(new Set(ids.map((id) => id.split('_')[0])).size, 1);
    assert.deepEqual(
      ids.map((id) => id.split('_')[1]),
      ['0', '1', '2', '3'],
    );
    assert.equal(runs.executor.count('sbatch'), 1);
    for (const [code, place] of places.entries()) {
      const end = await runs.until(place, 'ended');
      assert.equal(end.kind === 'ended' && end.exitCode, code);
      assert.match(runs.text(place, 'output.log'), new RegExp(`^task ${code}$`, 'm'));
    }
  });

  test('the same run asked for twice, by one worker and by two at once, is one job', async () => {
    const run = runs.run(['sleep', '1']);
    const first = runs.target;
    const second = runs.newTarget();
    await Promise.all([first.start(run), first.start(run), second.start(run)]);
    await runs.until(run, 'ended');
    await runs.target.start(run);
    const jobs = slurm('squeue', '-h', '-t', 'all', '-o', '%i %k')
      .split('\n')
      .filter((line) => line.endsWith(run.runId));
    assert.equal(jobs.length, 1, jobs.join());
    assert.equal(runs.text(run, 'slurm-starts.jsonl').split('\n').length, 2);
  });

  test('a request that the cluster refuses is an end with its words', async () => {
    const run = runs.run(['true'], { partition: 'nowhere' });
    await runs.target.start(run);
    const end = await runs.until(run, 'ended');
    assert.match(end.kind === 'ended' ? end.detail : '', /refused.*invalid partition/i);
    const odd = runs.run(['true'], { options: ['--mem=1\n2'] });
    await runs.target.start(odd);
    assert.match(JSON.stringify(await runs.until(odd, 'ended')), /no option of sbatch/);
  });

  test('what must wait says why, and a stop takes it out of the queue', async () => {
    const run = runs.run(['true'], { gres: 'gpu:2', options: ['--begin=now+1hour'] });
    await runs.target.start(run);
    await runs.until(run, /PENDING, BeginTime/);
    runs.target.stop(run, { force: false });
    const end = await runs.until(run, 'ended');
    assert.match(end.kind === 'ended' ? end.detail : '', /CANCELLED/);
    assert.equal(runs.json<{ stopRequested: boolean }>(run, 'exit.json').stopRequested, true);
  });

  test("a stop is SIGINT first, to the program and what it started, and then SLURM's own end", async () => {
    const polite = runs.run(
      python(
        'import time\nprint("up")\ntry:\n  time.sleep(60)\nexcept KeyboardInterrupt:\n  print("saved"); raise SystemExit(42)',
      ),
    );
    const stubborn = runs.run(
      python('import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nprint("up")\ntime.sleep(60)'),
    );
    await Promise.all([polite, stubborn].map((run) => runs.target.start(run)));
    for (const run of [polite, stubborn]) await runs.said(run, 'up');
    await runs.until(polite, 'running');
    await runs.until(stubborn, 'running');
    for (const run of [polite, stubborn]) runs.target.stop(run, { force: false });
    const end = await runs.until(polite, 'ended');
    assert.equal(end.kind === 'ended' && end.exitCode, 42);
    assert.match(runs.text(polite, 'output.log'), /saved/);
    assert.equal(runs.json<{ stopRequested: boolean }>(polite, 'exit.json').stopRequested, true);
    await runs.until(stubborn, 'ended');
    assert.equal(runs.json<{ stopRequested: boolean }>(stubborn, 'exit.json').stopRequested, true);
  });

  test('a program with a code of its own keeps it, and scancel by hand is a stop that somebody asked for', async () => {
    const run = runs.run(['sleep', '60']);
    await runs.target.start(run);
    await runs.until(run, 'running');
    slurm('scancel', runs.jobId(run));
    const end = await runs.until(run, 'ended');
    assert.match(end.kind === 'ended' ? end.detail : '', /CANCELLED/);
    assert.equal(runs.json<{ stopRequested: boolean }>(run, 'exit.json').stopRequested, true);
  });

  test("a script of the user's is submitted as it is, its output is the log", async () => {
    const script = path.join(runs.folder, 'my job.slurm');
    writeFileSync(
      script,
      '#!/bin/bash\n#SBATCH --output=logs-%j.txt --time=5\necho "got $1 in $TRAINYARD_RUN_ID"\nsleep 1\nexit 5\n',
    );
    const run = runs.run(['sbatch', script, "an 'argument' $HOME"], {}, { entry: { kind: 'slurm' } });
    await runs.target.start(run);
    await runs.until(run, 'running', 'ended');
    const end = await runs.until(run, 'ended');
    assert.equal(end.kind === 'ended' && end.exitCode, 5);
    assert.ok(
      readFileSync(path.join(runs.folder, `logs-${runs.jobId(run)}.txt`), 'utf8').includes(
        `got an 'argument' $HOME in ${run.runId}`,
      ),
    );
    assert.match(runs.text(run, 'output.log'), /got an/);
  });

  test("an array of the user's is one run that ends with its last task, and fails with any", async () => {
    const script = path.join(runs.folder, 'array.slurm');
    writeFileSync(
      script,
      '#!/bin/bash\n#SBATCH --array=0-3%2 -o part-%a.txt\nsleep 3\nexit $((SLURM_ARRAY_TASK_ID == 2 ? 3 : 0))\n',
    );
    const run = runs.run(['sbatch', script], {}, { entry: { kind: 'slurm' } });
    await runs.target.start(run);
    await runs.until(run, /RUNNING/);
    const end = await runs.until(run, 'ended');
    assert.equal(end.kind === 'ended' && end.exitCode, 3);
    assert.match(end.kind === 'ended' ? end.detail : '', /FAILED \(1 of 4 tasks\)/);
    assert.deepEqual(readdirSync(runs.folder).filter((name) => name.startsWith('part-')).length, 4);
  });

  test('a run that follows another starts when that has ended well, and is cancelled when it has not', async () => {
    const good = runs.run(['sleep', '5']);
    const bad = runs.run(['bash', '-c', 'sleep 5; exit 1']);
    const afterGood = runs.run(['true'], {}, { after: [good.runId] });
    const afterBad = runs.run(['true'], {}, { after: [bad.runId] });
    await Promise.all([good, bad, afterGood, afterBad].map((run) => runs.target.start(run)));
    await runs.until(afterGood, /Dependency/);
    const end = await runs.until(afterGood, 'ended');
    assert.equal(end.kind === 'ended' && end.exitCode, 0);
    const orphan = await runs.until(afterBad, 'ended');
    assert.match(orphan.kind === 'ended' ? orphan.detail : '', /did not end well/);
    assert.equal(runs.json<{ stopRequested: boolean }>(afterBad, 'exit.json').stopRequested, false);
  });

  test('one command per period for a hundred jobs', async () => {
    const places = Array.from({ length: 100 }, () => runs.run(['true'], { options: ['--begin=now+1hour'] }));
    await Promise.all(places.map((place) => runs.target.start(place)));
    await runs.until(places[99]!, /PENDING/);
    const before = runs.executor.commands.length;
    const squeues = runs.executor.count('squeue');
    await delay(5_000);
    const asked = runs.executor.commands.slice(before);
    assert.ok(
      asked.every(([program]) => program === 'squeue'),
      asked.map(([program]) => program).join(),
    );
    assert.ok(runs.executor.count('squeue') > squeues);
    slurm('scancel', '-u', 'root');
  });
});
