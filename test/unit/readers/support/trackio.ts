import { DatabaseSync } from 'node:sqlite';
import type { Json } from '../../../../src/domain/json.ts';

/** Which columns a version of Trackio has, and how it keeps JSON. */
export interface TrackioVersion {
  readonly hasIds: boolean;
  readonly hasLogIds: boolean;
  readonly hasConfigs: boolean;
  readonly asBlob: boolean;
}

export const trackioVersions: { readonly [version: string]: TrackioVersion } = {
  '0.3.2': { hasIds: false, hasLogIds: false, hasConfigs: false, asBlob: false },
  '0.15.0': { hasIds: false, hasLogIds: false, hasConfigs: true, asBlob: true },
  '0.16.1': { hasIds: false, hasLogIds: true, hasConfigs: true, asBlob: true },
  '0.36.0': { hasIds: true, hasLogIds: true, hasConfigs: true, asBlob: true },
};

/** Writes databases as Trackio does (trackio/sqlite_storage.py, init_db and bulk_log at the tags of these versions). */
export class TrackioWriter {
  readonly database: DatabaseSync;
  readonly #version: TrackioVersion;

  constructor(file: string, version: TrackioVersion) {
    this.#version = version;
    this.database = new DatabaseSync(file);
    const id = version.hasIds ? 'run_id TEXT NOT NULL,' : '';
    const logId = version.hasLogIds ? ', log_id TEXT, space_id TEXT' : '';
    this.database.exec(`PRAGMA journal_mode = WAL;
      CREATE TABLE IF NOT EXISTS metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, ${id} timestamp TEXT NOT NULL, run_name TEXT NOT NULL, step INTEGER NOT NULL, metrics TEXT NOT NULL${logId});
      CREATE INDEX IF NOT EXISTS idx_metrics_run_step ON metrics (run_name, step)`);
    if (!version.hasConfigs) return;
    this.database.exec(`CREATE TABLE IF NOT EXISTS configs (id INTEGER PRIMARY KEY AUTOINCREMENT, ${id} run_name TEXT NOT NULL, config TEXT NOT NULL, created_at TEXT NOT NULL, UNIQUE(${version.hasIds ? 'run_id' : 'run_name'}));
      CREATE TABLE IF NOT EXISTS system_metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, ${id} timestamp TEXT NOT NULL, run_name TEXT NOT NULL, metrics TEXT NOT NULL${logId})`);
  }

  /** The key of a run in this version. */
  keyOf(name: string): string {
    return this.#version.hasIds ? `id-of-${name}` : name;
  }

  log(
    name: string,
    step: number,
    metrics: string,
    { time = 1_770_000_000, logId }: { time?: number; logId?: string } = {},
  ): void {
    this.#insert('metrics', name, {
      timestamp: isoTime(time),
      step,
      metrics: this.#json(metrics),
      ...this.#logId(logId),
    });
  }

  system(name: string, metrics: string, time = 1_770_000_000): void {
    this.#insert('system_metrics', name, { timestamp: isoTime(time), metrics: this.#json(metrics) });
  }

  config(name: string, config: Json): void {
    this.#insert('configs', name, { config: this.#json(JSON.stringify(config)), created_at: isoTime(1_770_000_000) });
  }

  close(): void {
    this.database.close();
  }

  #insert(table: string, name: string, values: { readonly [column: string]: string | number | Uint8Array }): void {
    const row = { ...(this.#version.hasIds ? { run_id: this.keyOf(name) } : {}), run_name: name, ...values };
    const columns = Object.keys(row);
    const places = columns.map(() => '?').join(', ');
    this.database
      .prepare(`INSERT OR REPLACE INTO ${table} (${columns.join(', ')}) VALUES (${places})`)
      .run(...Object.values(row));
  }

  #json(text: string): string | Uint8Array {
    return this.#version.asBlob ? new TextEncoder().encode(text) : text;
  }

  #logId(id: string | undefined): { log_id?: string } {
    return this.#version.hasLogIds && id !== undefined ? { log_id: id } : {};
  }
}

export function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('Z', '000+00:00');
}
