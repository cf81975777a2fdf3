import { test } from 'node:test';
import { tensorboardFormat } from '../../../src/readers/tensorboard/format.ts';
import { assertAnyCut } from './support/cuts.ts';
import { runAt, scalarV1, temporaryFolder, version } from './support/events.ts';

test('event files: any cut of the bytes gives the same rows, also by new readers and with any budget', async (context) => {
  const events = (tag: string, count: number): Buffer =>
    Buffer.concat([
      version(),
      ...Array.from({ length: count }, (_, step) => scalarV1(1000 + step, step, tag, step / 3)),
    ]);
  await assertAnyCut({
    format: tensorboardFormat,
    files: { 'events.out.tfevents.1.a': events('loss', 12), 'events.out.tfevents.2.a': events('accuracy', 5) },
    run: (folder) => runAt(folder),
    folder: `${temporaryFolder(context)}/run`,
  });
});
