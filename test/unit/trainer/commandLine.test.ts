import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import type { DeviceProbe } from '../../../src/domain/device.ts';

test('train and probe-device say how they are used, and end with 1 and one line where they are used wrongly', async () => {
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [['train', '--help'], 0, /^trainyard train CONFIG\|RECIPE/],
    [['train'], 1, /^Give the path of a configuration, or a recipe: trainyard train CONFIG\.\n$/],
    [['train', 'x.yaml', '--fast'], 1, /^There is no option --fast\. Settings are given as key=value\.\n$/],
    [['probe-device', '--help'], 0, /^trainyard probe-device/],
    [['probe-device', 'tpu'], 1, /^There is no device tpu\. There are all, cuda/],
  ];
  for (const [args, code, says] of cases) {
    const ended = await runMain(args);
    assert.equal(ended.code, code, args.join(' '));
    assert.match(code === 0 ? ended.stdout : ended.stderr, says);
  }
});

test('probe-device prints what the worker reads', async () => {
  const { code, stdout } = await runMain(['probe-device', 'cpu', '--json']);
  const probe = JSON.parse(stdout) as DeviceProbe;
  assert.deepEqual([code, probe.device, probe.usable, probe.reason], [0, 'cpu', true, '']);
  const trial = await runMain(['probe-device', 'cpu', '--trial']);
  assert.equal((JSON.parse(trial.stdout) as { ok: boolean }).ok, true);
});

function runMain(args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const main = path.join(import.meta.dirname, 'trainMain.ts');
  return new Promise((resolve) => {
    execFile(process.execPath, ['--no-warnings', main, ...args], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}
