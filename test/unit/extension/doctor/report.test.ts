import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { AppError } from '../../../../src/base/errors.ts';
import type { DoctorCheck } from '../../../../src/domain/doctor.ts';
import { doctorMarkdown } from '../../../../src/extension/doctor/report.ts';
import { windowChecks, workerProblem } from '../../../../src/extension/doctor/windowChecks.ts';

const checks: readonly DoctorCheck[] = [
  { group: 'devices', title: 'cpu', state: 'ok', detail: '2 threads' },
  { group: 'devices', title: 'cuda', state: 'problem', detail: 'libcublas.so.12 is missing', hint: 'Install CUDA 12.' },
  { group: 'disk', title: 'Free', state: 'warning', detail: '1 GB' },
];

test('the report counts, puts what is wrong first and gives its hint', () => {
  const text = doctorMarkdown({ checks }, new Date(0));
  assert.match(text, /\*\*1 problem and 1 warning\*\* in 3 checks/);
  assert.ok(text.indexOf('cuda') < text.indexOf('cpu'));
  assert.match(text, /Install CUDA 12\\\./);
});

test('a report without trouble says so', () => {
  assert.match(doctorMarkdown({ checks: checks.slice(0, 1) }, new Date(0)), /Everything is in order: 1 check\./);
});

test('the window finds a missing worker program and a home that cannot be made', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'ty-doctor-'));
  try {
    const blocked = path.join(folder, 'file');
    writeFileSync(blocked, '');
    chmodSync(blocked, 0o400);
    const facts = { nodeVersion: '22', vscodeVersion: '1', extensionVersion: '0', trusted: false, folders: [] };
    const found = await windowChecks({
      ...facts,
      workerFile: path.join(folder, 'none.cjs'),
      home: path.join(blocked, 'home'),
    });
    const states = Object.fromEntries(found.map(({ title, state }) => [title, state]));
    assert.equal(states['Worker program'], 'problem');
    assert.equal(states['Trainyard’s own folder'], 'problem');
    assert.equal(states['Trust'], 'warning');
    for (const { state, hint } of found) if (state !== 'ok') assert.equal(typeof hint, 'string');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a worker that cannot be reached becomes a problem with the next move', () => {
  const check = workerProblem(new AppError('worker-unavailable', 'It ended at once.', { hint: 'Look at its log.' }));
  assert.deepEqual(check, {
    group: 'worker',
    title: 'Connection',
    state: 'problem',
    detail: 'It ended at once.',
    hint: 'Look at its log.',
  });
});
