import path from 'node:path';
import test from 'node:test';
import { tensorboardFormat } from '../../../src/readers/tensorboard/format.ts';
import { eventFileTree } from '../../fuzz/seeds/binary.ts';
import { assertAnyCut } from './support/cuts.ts';
import { runAt, temporaryFolder } from './support/events.ts';

test('any cut of two event files with every form of value gives the same rows and media', async (context) => {
  await assertAnyCut({
    format: tensorboardFormat,
    files: eventFileTree(),
    run: runAt,
    folder: path.join(temporaryFolder(context), 'run'),
  });
});
