import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunDetail } from '../../../../src/domain/run.ts';
import { runStatuses } from '../../../../src/domain/run.ts';
import { statusBarFacts } from '../../../../src/extension/runs/counts.ts';
import { endMessage } from '../../../../src/extension/runs/endMessage.ts';
import { describeRun, runContext, runSpeech, statusLooks } from '../../../../src/extension/runs/present.ts';
import { runTooltip } from '../../../../src/extension/runs/tooltip.ts';
import { makeRun } from '../makeRun.ts';

const live = makeRun({
  id: 'mnist-1',
  status: 'running',
  progress: { step: 450, totalSteps: 1000, secondsPerStep: 0.1, phase: 'training' },
  metrics: [{ tag: 'train/loss', value: 0.123456, step: 450, min: 0.1, max: 2 }],
  sparkline: [8, 4, 2, 1],
  labels: ['paper'],
});

test('a live run shows last value, course and progress', () => {
  assert.equal(describeRun(live), '45 %  loss 0.1235  █▄▂▁  #paper');
});

test('an ended run shows no progress, and a bare one nothing', () => {
  assert.equal(describeRun({ ...live, status: 'finished', labels: [], sparkline: [] }), 'loss 0.1235');
  assert.equal(describeRun(makeRun()), '');
});

test('a failed run shows why', () => {
  const failed = makeRun({ status: 'failed', statusReason: `The data set ${'x'.repeat(80)} is missing.` });
  assert.match(describeRun(failed), /^The data set x+…$/);
});

test('a screen reader hears status, progress and value', () => {
  assert.equal(runSpeech(live), 'mnist-1, running, 45 %, 55 s left, train/loss 0.1235 at step 450, labels paper');
});

test('menus know what can be done with a run', () => {
  assert.equal(runContext(live), 'run running own stoppable current');
  assert.equal(
    runContext(makeRun({ recipe: 'meanflow', profiled: true })),
    'run finished own recipe trained drawing profiled resumable deletable current',
  );
  assert.equal(
    runContext(makeRun({ recipe: 'classifier' })),
    'run finished own recipe trained resumable deletable current',
  );
  const failed = makeRun({ recipe: 'meanflow', status: 'failed', progress: { step: 0 } });
  assert.equal(runContext(failed), 'run failed own recipe deletable current', 'it never had a checkpoint');
  const later = makeRun({ recipe: 'meanflow', status: 'failed', progress: { step: 7 } });
  assert.equal(runContext(later), 'run failed own recipe trained drawing resumable deletable current');
  assert.equal(runContext(makeRun({ archived: true })), 'run finished own resumable deletable archived');
  assert.equal(runContext(makeRun({ source: 'tensorboard', status: 'unknown' })), 'run unknown foreign current');
});

test('every status has an icon and a word, and colours are those of the theme', () => {
  for (const status of runStatuses) {
    assert.match(statusLooks[status].icon, /^[a-z~-]+$/);
    assert.match(statusLooks[status].color ?? 'foreground', /^[\w.]+$/);
  }
});

test('the tooltip holds the evidence, and text from files stays text', () => {
  const run = { ...live, name: '<img> *x*', statusReason: 'heartbeat 2 s ago', device: 'cpu (2 threads)' };
  const detail = {
    ...run,
    config: { model: { kind: 'a|b`c' } },
    definitions: [],
    series: [],
    problems: ['bad CRC at 12'],
    artifacts: [
      { name: 'unet', type: 'model', use: 'made', aliases: ['best'], fileCount: 2, sizeBytes: 1_500_000, files: [] },
      { name: 'mnist:v3', type: 'dataset', use: 'used', fileCount: 0, sizeBytes: 0, files: [] },
    ],
  } as RunDetail;
  const text = runTooltip(run, detail);
  assert.match(text, /\$\(sync\) Running: heartbeat 2 s ago/);
  assert.match(text, /Device: cpu \\\(2 threads\\\)/);
  assert.match(text, /&lt;img\\> \\\*x\\\*/);
  assert.match(text, /model\.kind/);
  assert.doesNotMatch(text, /a\|b/);
  assert.match(text, /bad CRC at 12/);
  assert.match(
    text,
    /\$\(package\) `unet` model, 2 files, 1\\\.5 MB, best {2}\n\$\(package\) `mnist:v3` dataset, used/,
  );
});

test('the status bar counts what runs and what failed within a day', () => {
  const now = 1_790_000_000;
  const failed = makeRun({ id: 'f', status: 'failed', endedAt: now - 3600 });
  const facts = statusBarFacts(
    [live, failed, { ...failed, endedAt: now - 90_000 }, { ...failed, archived: true }],
    now,
  );
  assert.equal(facts?.text, '$(sync~spin) 1 running · $(error) 1 failed');
  assert.equal(statusBarFacts([], now), undefined);
  assert.equal(statusBarFacts([makeRun()], now)?.text, '$(beaker) 0 running');
});

test('an end is told once and as the person wishes; a stop that was asked for is not told', () => {
  const done = { ...live, status: 'finished' as const, startedAt: 100, endedAt: 300 };
  assert.deepEqual(endMessage(done, 'all'), {
    text: 'mnist-1 finished after 3 min 20 s, train/loss 0.1235.',
    failed: false,
  });
  assert.equal(endMessage(done, 'failures'), undefined);
  const dead = { ...live, status: 'killed' as const, statusReason: 'exit code 137, killed by SIGKILL' };
  assert.deepEqual(endMessage(dead, 'failures'), {
    text: 'mnist-1 failed: exit code 137, killed by SIGKILL',
    failed: true,
  });
  const said = endMessage({ ...dead, statusReason: 'Failed at step 3: the loss is NaN.' }, 'all');
  assert.equal(said?.text, 'mnist-1: Failed at step 3: the loss is NaN.');
  assert.equal(endMessage(dead, 'off'), undefined);
  assert.equal(endMessage({ ...live, status: 'stopped' }, 'all'), undefined);
});
