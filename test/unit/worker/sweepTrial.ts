/**
 * A program as a sweep launches it: takes `x=…` and `batch_size=…`, logs `loss` into an event file of its run, and runs out of memory with a batch
 * above 32, as PyTorch says it. `slow=1` waits to be stopped; `times_out=1` writes a checkpoint and is cut off as SLURM does it, unless it goes on from
 * one (`resume=FILE`), whose content it then logs as its loss.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { scalarV1, version } from '../readers/support/events.ts';

const values = new Map(
  process.argv.slice(2).map((argument) => argument.split(/=(.*)/s).slice(0, 2) as [string, string]),
);
const runDirectory = process.env['TRAINYARD_RUN_DIR'] ?? '.';
const x = Number(values.get('x') ?? 0);
if (values.get('slow') === '1') setInterval(() => {}, 1_000);
else if (Number(values.get('batch_size') ?? 0) > 32) {
  console.error(
    [
      'Traceback (most recent call last):',
      '  File "train.py", line 12, in step',
      '    loss = model(batch)',
      `torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate ${values.get('batch_size')} MiB`,
    ].join('\n'),
  );
  process.exitCode = 1;
} else if (values.get('times_out') === '1' && !values.has('resume')) {
  const folder = path.join(runDirectory, 'checkpoints');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'step_00000007.pt'), '7');
  console.error('slurmstepd: error: *** JOB 7 ON n1 CANCELLED AT 2026-01-01T00:00:00 DUE TO TIME LIMIT ***');
  process.exitCode = 1;
} else {
  const resumed = values.get('resume');
  const loss = resumed === undefined ? (x - 3) ** 2 : Number(readFileSync(resumed, 'utf8'));
  const file = path.join(runDirectory, 'events.out.tfevents.1700000000.host');
  writeFileSync(file, Buffer.concat([version(), scalarV1(1.7e9, 0, 'loss', 9), scalarV1(1.7e9 + 1, 1, 'loss', loss)]));
  if (values.get('fails') === '1') {
    console.error('RuntimeError: no');
    process.exitCode = 3;
  }
}
