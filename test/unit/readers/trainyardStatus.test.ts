import assert from 'node:assert/strict';
import test from 'node:test';
import type { RunId } from '../../../src/domain/ids.ts';
import type { ExitFile, OutcomeFile, ProgressFile, ShimState } from '../../../src/domain/runDirectory.ts';
import { type RunEvidence, runStatus } from '../../../src/readers/trainyard/status.ts';

const runId = '01JD0000000000000000000000' as RunId;
const now = 1_700_000_000;
const nothing: RunEvidence = {
  hasLaunch: true,
  hasRun: false,
  exit: undefined,
  outcome: undefined,
  state: undefined,
  progress: undefined,
  shim: undefined,
  child: undefined,
  now,
};
const exit = (fields: Partial<ExitFile>): ExitFile => ({
  runId,
  code: null,
  signal: null,
  endedAt: now,
  stopRequested: false,
  ...fields,
});
const outcome = (status: OutcomeFile['status'], message?: string): OutcomeFile => ({
  status,
  step: 120,
  endedAt: now,
  ...(message === undefined ? {} : { error: { code: 'diverged', message } }),
});
const progress = (age: number): ProgressFile => ({
  step: 40,
  totalSteps: 100,
  phase: 'training',
  updatedAt: now - age,
});
const identity = (pid: number): ShimState['shim'] => ({ pid, startTime: '1', bootId: 'b' });
const state = (age: number, withChild = true): ShimState => ({
  runId,
  shim: identity(10),
  startedAt: now - 500,
  heartbeatAt: now - age,
  ...(withChild ? { child: identity(11) } : {}),
});

/** Evidence → status, with a part of the sentence. */
const cases: readonly (readonly [name: string, evidence: Partial<RunEvidence>, status: string, reason: RegExp])[] = [
  ['nothing at all', { hasLaunch: false }, 'unknown', /no file that tells/],
  ['only launched', {}, 'queued', /nothing has started/],
  ['described itself and fell silent', { hasRun: true }, 'unknown', /no sign of life/],
  [
    'another machine that is silent',
    { elsewhere: { runId, where: 'box', state: 'running', detail: 'No answer from box.' }, state: state(900) },
    'running',
    /^No answer from box/,
  ],
  [
    'another machine, and the end',
    { elsewhere: { runId, where: 'box', state: 'running', detail: 'On box.' }, exit: exit({ code: 3 }) },
    'failed',
    /exit code 3/,
  ],
  [
    'exit code 0 and finished',
    { exit: exit({ code: 0 }), outcome: outcome('finished') },
    'finished',
    /^Finished at step 120 \(exit code 0\)\.$/,
  ],
  ['exit code 0 without an outcome', { exit: exit({ code: 0 }) }, 'finished', /exit code 0/],
  [
    'finished, then crashed while leaving',
    { exit: exit({ signal: 'SIGSEGV' }), outcome: outcome('finished') },
    'finished',
    /killed by SIGSEGV/,
  ],
  [
    'failed with a reason',
    { exit: exit({ code: 1 }), outcome: outcome('failed', 'Loss is NaN at step 120.') },
    'failed',
    /Loss is NaN at step 120 \(exit code 1\)/,
  ],
  [
    'failed with a reason and a way on',
    {
      exit: exit({ code: 1 }),
      outcome: {
        ...outcome('failed'),
        error: { code: 'out-of-memory', message: 'It needs 9 GB.', hint: 'Set batchSize to 4.' },
      },
    },
    'failed',
    /^Failed at step 120: It needs 9 GB \(exit code 1\)\. Set batchSize to 4\.$/,
  ],
  ['failed without an outcome', { exit: exit({ code: 2 }) }, 'failed', /exit code 2/],
  [
    'stopped on request',
    { exit: exit({ code: 130, stopRequested: true }), outcome: outcome('stopped') },
    'stopped',
    /Stopped at step 120 with a checkpoint \(exit code 130\)/,
  ],
  [
    'stopped on request before it could say so',
    { exit: exit({ signal: 'SIGTERM', stopRequested: true }) },
    'stopped',
    /on request; killed by SIGTERM/,
  ],
  [
    'stopped before it started',
    { exit: exit({ code: 130, error: 'It was stopped before it started.', stopRequested: true }) },
    'stopped',
    /request/,
  ],
  ['killed by somebody', { exit: exit({ signal: 'SIGTERM' }) }, 'killed', /Killed by SIGTERM/],
  ['killed for memory', { exit: exit({ signal: 'SIGKILL' }) }, 'killed', /SIGKILL.*memory/],
  ['killed below a shell', { exit: exit({ code: 137 }) }, 'killed', /exit code 137, killed by SIGKILL.*memory/i],
  [
    'could not be started',
    { exit: exit({ code: 127, error: 'The command could not be started: ENOENT' }) },
    'failed',
    /could not be started/,
  ],
  [
    'outcome, exit code on the way',
    { outcome: outcome('finished'), state: state(1), shim: 'alive', child: 'gone' },
    'finished',
    /step 120/,
  ],
  ['runs', { state: state(1), shim: 'alive', child: 'alive', progress: progress(1) }, 'running', /Process 11 is alive/],
  ['runs, no progress yet', { state: state(1), shim: 'alive', child: 'alive' }, 'starting', /Process 11/],
  ['its shim is starting', { state: state(1, false), shim: 'alive' }, 'starting', /Shim 10/],
  ['process gone, shim alive', { state: state(1), shim: 'alive', child: 'gone' }, 'running', /exit code is on the way/],
  [
    'shim killed, process alive',
    { state: state(400), shim: 'gone', child: 'alive', progress: progress(1) },
    'running',
    /shim is gone/,
  ],
  [
    'both gone without a word',
    { state: state(2), shim: 'gone', child: 'gone', progress: progress(2) },
    'lost',
    /Process 11 is gone/,
  ],
  [
    'a fresh heartbeat from elsewhere',
    { state: state(5), shim: 'elsewhere', child: 'elsewhere' },
    'running',
    /not on this machine/,
  ],
  [
    'an old heartbeat from elsewhere',
    { state: state(5000), shim: 'elsewhere', child: 'elsewhere' },
    'lost',
    /No heartbeat since 2023-11-14 20:50:00 UTC/,
  ],
  ['no shim, reports', { hasRun: true, progress: progress(3) }, 'running', /reports its progress/],
  ['no shim, silent', { hasRun: true, progress: progress(900) }, 'lost', /No sign of life since .* at step 40/],
];

for (const [name, evidence, status, reason] of cases) {
  test(`status: ${name}`, () => {
    const found = runStatus({ ...nothing, ...evidence });
    assert.equal(found.status, status);
    assert.match(found.statusReason, reason);
  });
}
