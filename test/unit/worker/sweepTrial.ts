/**
 * A program as a sweep launches it: takes `x=…` and `batch_size=…`, logs `loss` into an event file of its run, and runs out of memory with a batch
 * above 32, as PyTorch says it. `slow=1` waits to be stopped; `times_out=1` is cut off by a scheduler the first time.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { scalarV1, version } from '../readers/support/events.ts';

const values = new Map(
  process.argv.slice(2).map((argument) => argument.split(/=(.*)/s).slice(0, 2) as [string, string]),
);
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
} else {
  const file = path.join(process.env['TRAINYARD_RUN_DIR'] ?? '.', 'events.out.tfevents.1700000000.host');
  writeFileSync(
    file,
    Buffer.concat([version(), scalarV1(1.7e9, 0, 'loss', 9), scalarV1(1.7e9 + 1, 1, 'loss', (x - 3) ** 2)]),
  );
  if (values.get('fails') === '1') {
    console.error('RuntimeError: no');
    process.exitCode = 3;
  }
}
