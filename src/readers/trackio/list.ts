import { existsSync } from 'node:fs';
import path from 'node:path';
import type { FoundRun } from '../../domain/records.ts';
import type { ContainerListing, RunContainer } from '../format.ts';
import { type DatabaseView, databaseAt } from '../sqlite/trackerDatabase.ts';
import { isTrackio, keyColumns } from './databaseRun.ts';
import { type InboxRecord, inboxFolder, readInbox } from './inbox.ts';
import { projectOf, trackioFolder } from './names.ts';
import { filesOf, indexOf } from './parquetExport.ts';

/** The runs of a project's database, with those of the project that are in the inbox only. */
export async function listDatabase(container: RunContainer): Promise<ContainerListing> {
  const folder = path.dirname(container.path);
  const answer = await readKeys(container.path);
  if (!answer.ok && answer.reason !== 'absent')
    return {
      runs: [],
      settled: false,
      ...(isTrackioFolder(folder) ? { skipped: `Its runs cannot be read: ${answer.message}` } : {}),
    };
  const names = new Map(answer.ok ? answer.names : []);
  const isProject = names.size > 0 || isTrackioFolder(folder);
  const { records } = isProject ? await readInbox(path.join(folder, inboxFolder), {}) : { records: [] };
  const project = projectOf(path.basename(container.path));
  for (const { key, name, project: own } of records) if (own === project && !names.has(key)) names.set(key, name);
  return { runs: [...names].map(([key, name]) => found(container, container.path, key, name)), settled: false };
}

/** The runs of an inbox whose projects have no database yet. */
export async function listInbox(container: RunContainer): Promise<ContainerListing> {
  const { records } = await readInbox(container.path, {});
  const folder = path.dirname(container.path);
  const runs = new Map<string, FoundRun>();
  for (const record of records) {
    const database = databaseOf(folder, record);
    if (existsSync(database) || existsSync(`${database}-wal`)) continue;
    runs.set(`${database}\0${record.key}`, found(container, database, record.key, record.name));
  }
  return { runs: [...runs.values()], settled: false };
}

/** The runs of an export to Parquet. */
export async function listExport(container: RunContainer): Promise<ContainerListing> {
  try {
    const { metrics, system } = filesOf(container.path);
    const names = new Map<string, string>();
    for (const file of [metrics, system])
      for (const [key, { name }] of (await indexOf(file))?.runs ?? []) if (!names.has(key)) names.set(key, name);
    return { runs: [...names].map(([key, name]) => found(container, container.path, key, name)), settled: false };
  } catch (error) {
    return { runs: [], settled: false, skipped: `Its runs cannot be read: ${(error as Error).message}` };
  }
}

function databaseOf(folder: string, { project }: InboxRecord): string {
  return path.join(folder, `${project}.db`);
}

function isTrackioFolder(folder: string): boolean {
  return trackioFolder.test(path.basename(folder));
}

function found({ root }: RunContainer, database: string, key: string, name: string): FoundRun {
  return { source: 'trackio', path: database, key, root, name };
}

type Names = readonly (readonly [key: string, name: string])[];

async function readKeys(
  file: string,
): Promise<
  | { readonly ok: true; readonly names: Names }
  | { readonly ok: false; readonly reason: string; readonly message: string }
> {
  for (;;) {
    const answer = await databaseAt(file).read(keysOf);
    if (!answer.ok) return answer;
    // A large table is sorted in several turns.
    if (answer.value.value !== undefined) return { ok: true, names: answer.value.value };
  }
}

/** Undefined while a table is still being sorted. */
function keysOf(view: DatabaseView): Names | undefined {
  if (!isTrackio(view)) return [];
  const tables = ['metrics', 'system_metrics', 'configs'].map((name) => view.keyed(name, keyColumns));
  if (tables.some((table) => table?.isWhole === false)) return undefined;
  const names = new Map<string, string>();
  for (const table of tables) {
    for (const key of table?.keys ?? []) {
      if (names.has(key)) continue;
      const name = table?.lastOf(key)?.['run_name'];
      names.set(key, typeof name === 'string' && name !== '' ? name : key);
    }
  }
  return [...names];
}
