import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { userWorkerPaths } from '../../../src/client/machine.ts';
import type { DoctorCheck } from '../../../src/domain/doctor.ts';
import { examine } from '../../../src/worker/doctor.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'doctor-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The doctor with a command line that prints what the test says. */
async function checks(printed: string, trusted = true): Promise<readonly DoctorCheck[]> {
  const trainyard = path.join(folder, 'trainyard.cjs');
  writeFileSync(
    trainyard,
    `if (process.argv.slice(2).join(' ') !== 'probe-device all --json') throw new Error('wrong arguments'); ${printed}`,
  );
  const installation = {
    node: process.execPath,
    nodeArguments: [],
    readerThread: '',
    modal: '',
    shim: '',
    askpass: '',
    trainyard,
    env: {},
  };
  const paths = { ...userWorkerPaths({ TRAINYARD_HOME: folder }), home: folder };
  const report = await examine(
    { paths, installation, startedAt: 0, knownRuns: 3, folder, trusted },
    new AbortController().signal,
  );
  return report.checks;
}

const find = (all: readonly DoctorCheck[], title: string) => all.find((check) => check.title === title);

test('devices are told as the trainer sees them, with the reason for a refusal', async () => {
  const probes = [
    { device: 'cuda', usable: false, detail: '', reason: 'The CUDA provider is missing.' },
    { device: 'dml', usable: false, detail: '', reason: 'Only on Windows.' },
    { device: 'cpu', usable: true, detail: '2 threads', reason: '' },
  ];
  const all = await checks(`console.log(${JSON.stringify(JSON.stringify(probes))})`);
  assert.deepEqual([find(all, 'cuda')?.state, find(all, 'cuda')?.detail], ['warning', 'The CUDA provider is missing.']);
  assert.deepEqual([find(all, 'cpu')?.state, find(all, 'cpu')?.detail], ['ok', '2 threads.']);
  assert.equal(find(all, 'dml') !== undefined, process.platform === 'win32');
  for (const title of [
    'Worker',
    'Database',
    'Disk of the worker',
    'Disk of the workspace',
    'git',
    'Runs folder',
    'Trust',
  ]) {
    assert.match(find(all, title)?.detail ?? '', /\.$/, title);
  }
});

test('a probe that falls over is a problem with its last words', async () => {
  const all = await checks("console.error('Cannot find module onnxruntime-node'); process.exit(1)");
  assert.deepEqual(find(all, 'Devices')?.state, 'problem');
  assert.match(find(all, 'Devices')?.detail ?? '', /Cannot find module onnxruntime-node/);
});

test('a workspace that is not trusted is said with what to do', async () => {
  const all = await checks("console.log('[]')", false);
  assert.equal(find(all, 'Trust')?.state, 'warning');
  assert.match(find(all, 'Trust')?.hint ?? '', /Trust/);
});

const isRoot = process.getuid?.() === 0;
test('a workspace that cannot be written to is a problem', {
  skip: isRoot ? 'root may write everywhere' : false,
}, async () => {
  const checked = checks("console.log('[]')");
  chmodSync(folder, 0o500);
  assert.equal(find(await checked, 'Runs folder')?.state, 'problem');
  chmodSync(folder, 0o700);
});
