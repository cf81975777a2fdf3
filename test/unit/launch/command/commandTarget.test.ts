import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import type { RunId } from '../../../../src/domain/ids.ts';
import type { CommandSettings } from '../../../../src/domain/target.ts';
import { CommandTarget } from '../../../../src/launch/command/commandTarget.ts';
import { mirrorLog } from '../../../../src/launch/command/mirrorLog.ts';
import { readState } from '../../../../src/launch/command/states.ts';
import { claimSubmission } from '../../../../src/launch/command/submitted.ts';
import { fillTemplate, jobNameIn, templateProblems } from '../../../../src/launch/command/templates.ts';
import { readElsewhere } from '../../../../src/launch/elsewhere.ts';
import { LocalExecutor } from '../../../../src/launch/remote/localExecutor.ts';
import type { JobPlace, JobPresence } from '../../../../src/launch/target.ts';

let root: string;
let queue: string;
let target: CommandTarget;

beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'command-'));
  queue = path.join(root, 'queue');
  mkdirSync(queue);
  target = new CommandTarget(new LocalExecutor());
});
afterEach(() => {
  target.dispose();
  for (const name of readdirSync(queue).filter((each) => each.endsWith('.pid'))) {
    try {
      process.kill(-Number(readFileSync(path.join(queue, name), 'utf8')), 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
  rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
});

const standIn = path.join(import.meta.dirname, 'standInQueue.mjs');

function settings(): CommandSettings {
  const program = [process.execPath, standIn, queue];
  return {
    kind: 'command',
    submit: [...program, 'submit', '{command…}'],
    status: [...program, 'status', '{job}'],
    logs: [...program, 'logs', '{job}'],
    cancel: [...program, 'cancel', '{job}'],
    pollSeconds: 0,
  };
}

function job(name: string, command: readonly string[], more: Partial<CommandSettings> = {}): JobPlace {
  const directory = path.join(root, name);
  mkdirSync(directory);
  const record = {
    name,
    cwd: root,
    command,
    env: {},
    commandLaunch: { target: { name: 'pbs', settings: { ...settings(), ...more } } },
  };
  writeFileSync(path.join(directory, 'launch.json'), JSON.stringify(record));
  return { runId: name as RunId, directory };
}

async function until(place: JobPlace, ...kinds: JobPresence['kind'][]): Promise<JobPresence> {
  for (;;) {
    target.watch([place], true);
    const presence = target.inspect(place);
    if (kinds.includes(presence.kind)) return presence;
    await delay(20);
  }
}

const script = (code: string) => [process.execPath, '-e', code];

test('a job is submitted once, watched, and its end and output are kept', async () => {
  const place = job('run-1', script('console.log("epoch 1"); setTimeout(() => process.exit(7), 300)'));
  assert.deepEqual(target.inspect(place), { kind: 'unclaimed' });
  await Promise.all([target.start(place), target.start(place), new CommandTarget(new LocalExecutor()).start(place)]);
  assert.equal((await until(place, 'running')).kind, 'running');
  assert.equal(readElsewhere(place.directory)?.where, '1.standin on pbs');
  const end = await until(place, 'ended');
  assert.deepEqual(
    { ...end, endedAt: 0 },
    { kind: 'ended', exitCode: 7, endedAt: 0, detail: 'exit code 7', failure: 'error' },
  );
  assert.equal(readFileSync(path.join(place.directory, 'output.log'), 'utf8'), 'epoch 1\n');
  assert.equal(readdirSync(queue).filter((name) => name.endsWith('.pid')).length, 1);
});

test('a stop is carried out by another worker too, and one before the submission keeps it from happening', async () => {
  const place = job('run-1', script('setInterval(() => {}, 1000)'));
  await target.start(place);
  target.stop(place, { force: false });
  target.dispose();
  target = new CommandTarget(new LocalExecutor());
  const end = await until(place, 'ended');
  assert.equal(end.kind === 'ended' && end.exitCode, 143);
  const never = job('run-2', script('process.exit(0)'));
  target.stop(never, { force: false });
  await target.start(never);
  assert.match(JSON.stringify(await until(never, 'ended')), /Stopped before it was submitted/);
  assert.equal(readdirSync(queue).filter((name) => name.endsWith('.pid')).length, 1);
});

test('a submission that is refused ends the job with what the command said', async () => {
  writeFileSync(path.join(queue, 'full'), '');
  const place = job('run-1', script(''));
  await target.start(place);
  const presence = target.inspect(place);
  assert.equal(presence.kind === 'ended' && presence.exitCode, 9);
  assert.match(JSON.stringify(presence), /failed with exit code 9: qsub: the queue is full/);
});

test('no answer is no end: the job stays what it was, with the words', async () => {
  const place = job('run-1', script('setInterval(() => {}, 1000)'));
  await target.start(place);
  await until(place, 'running');
  writeFileSync(path.join(queue, 'silent'), '');
  let presence = target.inspect(place);
  while (!JSON.stringify(presence).includes('status command failed')) {
    target.watch([place], true);
    await delay(20);
    presence = target.inspect(place);
  }
  assert.equal(presence.kind, 'running');
});

test('a worker that died while it submitted leaves a job that is lost, with what to look for', () => {
  const place = job('run-1', script(''));
  assert.equal(claimSubmission(place.directory, { format: 1, askedAt: 1 }), true);
  const presence = target.inspect(place);
  assert.equal(presence.kind, 'lost');
  assert.match(JSON.stringify(presence), /Look for run-1 where it was submitted to/);
});

test('any argument arrives unchanged, and nothing of it is run', async () => {
  const nasty = [
    '$(touch pwned)',
    '`touch pwned`',
    '; touch pwned',
    '"two words"',
    "it's",
    'ä\n漢',
    '{job}',
    '',
    '*',
    '--x=y z',
  ];
  const place = job('run-1', [...script('console.log(JSON.stringify(process.argv.slice(1)))'), '--', ...nasty]);
  await target.start(place);
  await until(place, 'ended');
  assert.deepEqual(JSON.parse(readFileSync(path.join(place.directory, 'output.log'), 'utf8')), nasty);
  assert.equal(existsSync(path.join(root, 'pwned')), false);
  const values = { run: 'r', id: 'i', directory: '/d', cwd: '/c', job: 'j' };
  fc.assert(
    fc.property(fc.array(fc.string()), fc.string(), (command, text) => {
      const filled = fillTemplate(['x', '{command…}', '{run}/{job}/{other}'], { ...values, run: text, command });
      assert.deepEqual(filled, ['x', ...command, `${text}/j/{other}`]);
    }),
  );
});

test('names of jobs are found in what submit commands say', () => {
  assert.equal(jobNameIn('4711.pbs01\n'), '4711.pbs01');
  assert.equal(jobNameIn('Job <815> is submitted to default queue <normal>.'), '815');
  assert.equal(jobNameIn('Submitted batch job 99'), '99');
  assert.equal(jobNameIn('{"job": 12}'), '12');
  assert.equal(jobNameIn(' \n'), undefined);
});

test('states are read from JSON and from the lines of common programs', () => {
  const kindOf = (text: string) => {
    const { kind, exitCode, failure } = readState(text);
    return [kind, exitCode, failure].filter((each) => each !== undefined).join(' ');
  };
  assert.equal(kindOf('Job ID  Name User Time S Queue\n------\n4711.pbs train me 00:01 R workq'), 'running');
  assert.equal(kindOf('JOBID USER STAT QUEUE\n815 me PEND normal'), 'queued');
  assert.equal(kindOf('815|me|EXIT|normal'), 'ended 1 error');
  assert.equal(kindOf('{"state":"TIMEOUT"}'), 'ended 1 time-limit');
  assert.equal(kindOf('{"state":"done","exitCode":0,"detail":"fine"}'), 'ended 0');
  assert.equal(kindOf('{"state":"failed","exitCode":137}'), 'ended 137 error');
  assert.equal(kindOf('{"state":"purple"}'), 'unknown');
  assert.equal(kindOf(''), 'unknown');
  assert.equal(kindOf('a job of r users'), 'unknown');
});

test('templates that cannot work are told', () => {
  assert.deepEqual(templateProblems(settings()), []);
  assert.deepEqual(templateProblems({ kind: 'command', submit: ['qsub'], status: ['qstat'], cancel: [] }), [
    'The submit command has no argument {command…}, so the job would never be told what to run.',
    'The cancel command is empty.',
    'The status command names no job: give it {job}, {id}, {run} or {directory}.',
    'The cancel command names no job: give it {job}, {id}, {run} or {directory}.',
  ]);
});

test('the output grows by what is new, and is replaced where it begins otherwise', () => {
  const file = path.join(root, 'output.log');
  for (const text of ['a\n', 'a\nb\n', 'a\nb\n', 'x', 'xy', '']) {
    mirrorLog(file, text);
    assert.equal(readFileSync(file, 'utf8'), text);
  }
});
