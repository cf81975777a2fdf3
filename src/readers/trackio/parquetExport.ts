import path from 'node:path';
import type { FolderListing, RunContainer } from '../format.ts';
import { trackioFolder } from './names.ts';
import { lookOfFile, type ParquetFile, withParquet } from './parquetFile.ts';

/** Tables that are exported beside a project's metrics (trackio/sqlite_storage.py, export_to_parquet). */
const sidecars = /_(system|configs|traces|artifacts|artifact_versions|artifact_aliases|run_artifact_links)\.parquet$/;
const ending = '.parquet';
/** Of a static Space: the tables beside the metrics lie in a folder of this name (export_for_static_space). */
const staticFile = 'metrics.parquet';
const staticFolder = 'aux';

/** The three files of an export. */
export interface ExportFiles {
  readonly metrics: string;
  readonly system: string;
  readonly configs: string;
  readonly project: string;
}

/** Where the tables of an export lie, by the file of its metrics. */
export function filesOf(metrics: string): ExportFiles {
  const folder = path.dirname(metrics);
  if (path.basename(metrics) === staticFile) {
    const aux = path.join(folder, staticFolder);
    return {
      metrics,
      system: path.join(aux, 'system_metrics.parquet'),
      configs: path.join(aux, 'configs.parquet'),
      project: path.basename(folder),
    };
  }
  const base = metrics.slice(0, -ending.length);
  return {
    metrics,
    system: `${base}_system${ending}`,
    configs: `${base}_configs${ending}`,
    project: path.basename(base),
  };
}

/** The exports in a folder, by names: Parquet files are mostly data sets, so one must have its tables beside it or lie in a folder of Trackio. A database tells more. */
export function exportsIn({ path: folder, root, files, folders }: FolderListing): readonly RunContainer[] {
  const names = new Set(files);
  const isOwn = trackioFolder.test(path.basename(folder));
  const found = files.filter((name) => {
    if (!name.endsWith(ending) || sidecars.test(name)) return false;
    const base = name.slice(0, -ending.length);
    if (names.has(`${base}.db`) || names.has(`${base}.db-wal`)) return false;
    const hasTables = names.has(`${base}_configs${ending}`) || names.has(`${base}_system${ending}`);
    return isOwn || hasTables || (name === staticFile && folders.includes(staticFolder));
  });
  return found.map((name) => {
    const file = path.join(folder, name);
    const { system, configs } = filesOf(file);
    return { source: 'trackio', path: file, root, beside: [system, configs] };
  });
}

/** Rows of one run in a table: [start, end) pairs. */
export type RowRanges = readonly (readonly [start: number, end: number])[];

export interface ExportIndex {
  readonly look: string;
  readonly runs: ReadonlyMap<string, { readonly name: string; readonly ranges: RowRanges }>;
}

const indexes = new Map<string, ExportIndex>();
const mostIndexes = 8;
/** Keys are read in pieces of this many rows. */
const pieceRows = 100_000;

/** Which rows of a table belong to which run; undefined where the file is not there or is no table of Trackio. Rejects where it is damaged. */
export async function indexOf(file: string): Promise<ExportIndex | undefined> {
  const state = await lookOfFile(file);
  if (state === undefined) return undefined;
  const known = indexes.get(file);
  if (known?.look === state.look) return known;
  const runs = await withParquet(file, readKeys);
  if (runs === undefined) return undefined;
  const index = { look: state.look, runs };
  indexes.delete(file);
  indexes.set(file, index);
  const oldest = indexes.keys().next().value;
  if (indexes.size > mostIndexes && oldest !== undefined) indexes.delete(oldest);
  return index;
}

async function readKeys(parquet: ParquetFile): Promise<ExportIndex['runs'] | undefined> {
  if (!parquet.columns.includes('run_name')) return undefined;
  const columns = ['run_id', 'run_name'].filter((name) => parquet.columns.includes(name));
  const runs = new Map<string, { name: string; ranges: [number, number][] }>();
  for (let start = 0; start < parquet.rows; start += pieceRows) {
    const rows = await parquet.read(start, Math.min(parquet.rows, start + pieceRows), columns);
    rows.forEach(({ run_id: id, run_name: name }, index) => {
      const key = String(id || name);
      let run = runs.get(key);
      if (run === undefined) {
        run = { name: String(name), ranges: [] };
        runs.set(key, run);
      }
      const last = run.ranges.at(-1);
      if (last?.[1] === start + index) last[1]++;
      else run.ranges.push([start + index, start + index + 1]);
    });
  }
  return runs;
}
