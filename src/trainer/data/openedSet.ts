import type { DataSet } from './dataSet.ts';
import type { ExampleReader } from './exampleReader.ts';
import type { ReaderPlan } from './readerPlan.ts';

/** A data set that is read by `reader`, which it owns. `plan` is given where other threads are to read it. */
export function openedSet(
  about: Pick<DataSet, 'name' | 'path' | 'facts' | 'sha256' | 'isVaried'>,
  reader: ExampleReader,
  plan?: ReaderPlan,
): DataSet {
  return {
    ...about,
    ...(plan === undefined ? {} : { plan }),
    gather: (indices, draws) => reader.gather(indices, draws),
    dispose: () => reader.dispose(),
  };
}
