import type { Disposables } from '../../base/disposables.ts';
import { AppError } from '../../base/errors.ts';
import { describeFacts, exampleTensors } from '../../recipes/data.ts';
import type { LoadedConfig } from '../config/loadConfig.ts';
import type { DataSet } from '../data/dataSet.ts';
import { openDataSet } from '../data/openDataSet.ts';

/** Opens the data sets of a configuration, that of the training first. Throws AppError 'bad-data' where another does not fit it. */
export async function openRunData({ recipe, config }: LoadedConfig, owner: Disposables): Promise<readonly DataSet[]> {
  const opened: DataSet[] = [];
  for (const request of recipe.dataSets(config)) {
    const set = await openDataSet(request);
    if (set !== undefined) opened.push(owner.add(set));
  }
  checkTestSets(opened[0]!, opened);
  return opened;
}

function checkTestSets(train: DataSet, sets: readonly DataSet[]): void {
  const wanted = JSON.stringify(exampleTensors(train.facts));
  for (const set of sets) {
    // Variants are examples of a form of their own; what they are to fit is the genome, which was checked when they were opened.
    if (set.name === 'variants') continue;
    const same = JSON.stringify(exampleTensors(set.facts)) === wanted;
    if (same && set.facts.classes <= train.facts.classes) continue;
    const { kind } = train.facts;
    throw new AppError(
      'bad-data',
      `The ${set.name} ${kind} do not fit the ${train.name} ${kind}: ${describeFacts(set.facts)} against ${describeFacts(train.facts)}.`,
      {
        hint: 'Both parts of a data set must have one size of example and the same classes.',
      },
    );
  }
}
