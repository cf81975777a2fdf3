import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resourceOptions } from '../../../../src/launch/slurm/options.ts';
import { pollPeriod, troublePeriod } from '../../../../src/launch/slurm/pace.ts';
import { minutesOf } from '../../../../src/launch/slurm/report.ts';
import { firstWord, meaningOf } from '../../../../src/launch/slurm/states.ts';
import { baseId, parseSacct, parseScontrol, parseSqueue } from '../../../../src/launch/slurm/texts.ts';

test('rows of squeue: bars and anything else in a name stay part of the name', () => {
  const text =
    '8_3|11|RUNNING|1795350222|1795360000|None|n[1-2]|01RUN|a|b=c||d\n9|9|PENDING|N/A|N/A|Resources||(null)|plain\n';
  const [first, second] = parseSqueue(text);
  assert.deepEqual(first, {
    id: '8_3',
    rawId: '11',
    state: 'RUNNING',
    start: 1795350222,
    end: 1795360000,
    reason: 'None',
    nodes: 'n[1-2]',
    label: '01RUN|a|b=c||d',
  });
  assert.equal(second?.label, '(null)|plain');
  assert.equal(second?.start, undefined);
  assert.deepEqual(parseSqueue(''), []);
});

test('rows of sacct: code and signal, and states with words behind them', () => {
  const [row] = parseSacct('2|2|CANCELLED by 1000|0:15|1795350222|1795350230|01RUN|na|me\n');
  assert.deepEqual(
    [row?.code, row?.signal, firstWord(row?.state ?? ''), row?.label],
    [0, 15, 'CANCELLED', '01RUN|na|me'],
  );
  assert.equal(meaningOf('CANCELLED+').phase, 'ended');
  assert.equal(meaningOf('SOMETHING_NEW').phase, 'running');
});

test('scontrol show job: values with blanks, tasks of arrays', () => {
  const line =
    'JobId=3 ArrayJobId=2 ArrayTaskId=0 JobName=my job UserId=root(0) JobState=FAILED Reason=NonZeroExitCode Restarts=2 ExitCode=5:0 StartTime=1795351607 EndTime=1795351608 NodeList=n1 WorkDir=/tmp Comment=c 1  StdErr=/a b/out.txt StdOut=/a b/out.txt Power=';
  const [row] = parseScontrol(`${line}\n`);
  assert.equal(row?.id, '2_0');
  assert.equal(row?.label, 'c 1|my job');
  assert.equal(row?.output, '/a b/out.txt');
  assert.deepEqual([row?.code, row?.restarts, row?.end], [5, 2, 1795351608]);
});

test('the number of an array stands before its task', () => {
  assert.deepEqual(['4711', '4711_3', '4711_[0-9]', '12+1'].map(baseId), ['4711', '4711', '4711', '12']);
});

test('time limits as sbatch takes them', () => {
  const minutes = ['90', '90:30', '1:30:00', '1-12', '1-12:30', '2-00:00:30', 'infinite', '', '1:2:3:4'].map(minutesOf);
  assert.deepEqual(minutes, [90, 90.5, 90, 2160, 2190, 2880.5, undefined, undefined, undefined]);
});

test('options are one argument each; what is no option is refused', () => {
  const options = resourceOptions({
    kind: 'slurm',
    partition: 'gpu',
    gres: 'gpu:2',
    cpusPerTask: 8,
    requeue: true,
    warnSeconds: 120,
    options: ['--exclude=n7'],
  });
  assert.deepEqual(options, [
    '--partition=gpu',
    '--gres=gpu:2',
    '--cpus-per-task=8',
    '--requeue',
    '--signal=B:USR1@120',
    '--exclude=n7',
  ]);
  for (const bad of ['script.sh', '--mem=1\n--wrap=x', '']) {
    assert.throws(() => resourceOptions({ kind: 'slurm', options: [bad] }), /no option of sbatch/);
  }
});

test('a cluster is asked less often as time passes, when nobody looks, and when it is silent', () => {
  const ages = [0, 100, 2_000, 10_000, 100_000];
  const watched = ages.map((age) => pollPeriod(age, true));
  assert.deepEqual(
    watched,
    [...watched].sort((a, b) => a - b),
  );
  for (const age of ages) assert.ok(pollPeriod(age, false) >= 60 && pollPeriod(age, false) <= 600);
  assert.deepEqual([1, 2, 3, 9].map(troublePeriod), [5, 10, 20, 60]);
});
