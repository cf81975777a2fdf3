import type { FoundRun } from '../../domain/records.ts';
import type { ContainerListing, RunContainer } from '../format.ts';
import { type DatabaseView, databaseAt } from '../sqlite/trackerDatabase.ts';
import { isMlflow, runColumn } from './sqlReader.ts';

/** Names that MLflow's documentation gives its database; of others it is no news that they are something else. */
export const mlflowDatabase = /^(mlflow|mlruns)\.(db|sqlite3?|db3)$/i;

/** The runs of a database. */
export async function listRuns({ path, root }: RunContainer): Promise<ContainerListing> {
  const answer = await databaseAt(path).read(namesOf);
  if (answer.ok) {
    const runs = answer.value.value.map(([key, name]): FoundRun => ({ source: 'mlflow', path, key, root, name }));
    return { runs, settled: false };
  }
  const isTold = answer.reason !== 'absent' && mlflowDatabase.test(path.split(/[\\/]/).at(-1)!);
  return { runs: [], settled: false, ...(isTold ? { skipped: `Its runs cannot be read: ${answer.message}` } : {}) };
}

function namesOf(view: DatabaseView): readonly (readonly [key: string, name: string])[] {
  if (!isMlflow(view)) return [];
  return view.rows('runs').flatMap((row) => {
    const id = row['run_uuid'];
    if (typeof id !== 'string') return [];
    return [
      [id, tagName(view, id) ?? (typeof row['name'] === 'string' && row['name'] !== '' ? row['name'] : id)] as const,
    ];
  });
}

/** Older versions keep the name in a tag alone. */
function tagName(view: DatabaseView, id: string): string | undefined {
  const row = view
    .keyed('tags', runColumn)
    ?.rowsOf(id)
    .find(({ key }) => key === 'mlflow.runName');
  return typeof row?.['value'] === 'string' && row['value'] !== '' ? row['value'] : undefined;
}
