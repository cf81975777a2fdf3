import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Tree } from '../target.ts';

/** Statements that make a database, by the name of its file. */
interface DatabaseSeed {
  readonly file: string;
  readonly statements: readonly string[];
  /** What is written last stays in the write-ahead log, as in a database that a tracker has open. */
  readonly live: readonly string[];
}

const trackio: DatabaseSeed = {
  file: 'trackio/demo.db',
  statements: [
    'CREATE TABLE metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp TEXT, run_id TEXT NOT NULL, run_name TEXT, step INTEGER, metrics TEXT, log_id TEXT, space_id TEXT)',
    'CREATE TABLE configs (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL UNIQUE, run_name TEXT, config TEXT, created_at TEXT)',
    'CREATE TABLE system_metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp TEXT, run_id TEXT NOT NULL, run_name TEXT, metrics TEXT)',
    `INSERT INTO configs (run_id, run_name, config, created_at) VALUES ('r1', 'one', '{"lr":0.1,"_Created":"2026-01-01T00:00:00+00:00"}', '2026-01-01T00:00:00+00:00')`,
    `INSERT INTO metrics (timestamp, run_id, run_name, step, metrics) VALUES ('2026-01-01T00:00:00+00:00', 'r1', 'one', 0, CAST('{"loss":0.5,"acc":"NaN"}' AS BLOB))`,
  ],
  live: Array.from(
    { length: 20 },
    (_, step) =>
      `INSERT INTO metrics (timestamp, run_id, run_name, step, metrics) VALUES ('2026-01-01T00:00:${String(step).padStart(2, '0')}+00:00', 'r1', 'one', ${step + 1}, '{"loss":${1 / (step + 1)}}')`,
  ).concat(
    `INSERT INTO system_metrics (timestamp, run_id, run_name, metrics) VALUES ('2026-01-01T00:00:00+00:00', 'r1', 'one', '{"gpu/0/utilization":50}')`,
  ),
};

const mlflow: DatabaseSeed = {
  file: 'mlflow.db',
  statements: [
    'CREATE TABLE experiments (experiment_id INTEGER PRIMARY KEY, name TEXT, artifact_location TEXT, lifecycle_stage TEXT, creation_time BIGINT, last_update_time BIGINT)',
    'CREATE TABLE runs (run_uuid TEXT PRIMARY KEY, name TEXT, source_type TEXT, source_name TEXT, entry_point_name TEXT, user_id TEXT, status TEXT, start_time BIGINT, end_time BIGINT, source_version TEXT, lifecycle_stage TEXT, artifact_uri TEXT, experiment_id INTEGER, deleted_time BIGINT)',
    'CREATE TABLE metrics (key TEXT, value DOUBLE, timestamp BIGINT, run_uuid TEXT, step BIGINT DEFAULT 0, is_nan BOOLEAN DEFAULT 0, PRIMARY KEY (key, timestamp, step, run_uuid, value, is_nan))',
    'CREATE TABLE latest_metrics (key TEXT, value DOUBLE, timestamp BIGINT, step BIGINT, is_nan BOOLEAN, run_uuid TEXT, PRIMARY KEY (key, run_uuid))',
    'CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT, PRIMARY KEY (key, run_uuid))',
    'CREATE TABLE tags (key TEXT, value TEXT, run_uuid TEXT, PRIMARY KEY (key, run_uuid))',
    'CREATE TABLE alembic_version (version_num TEXT)',
    `INSERT INTO experiments VALUES (1, 'exp', 'file:///x', 'active', 1700000000000, 1700000000000)`,
    `INSERT INTO runs VALUES ('26df4d45aa134dcaaef9e42ba1818e3d', 'one', 'LOCAL', 'train.py', '', 'me', 'FINISHED', 1700000000000, 1700000100000, '', 'active', 'file:///x', 1, NULL)`,
    `INSERT INTO params VALUES ('lr', '0.1', '26df4d45aa134dcaaef9e42ba1818e3d')`,
    ...Array.from(
      { length: 20 },
      (_, step) =>
        `INSERT INTO metrics VALUES ('train/loss', ${1 / (step + 1)}, ${1_700_000_000_000 + step}, '26df4d45aa134dcaaef9e42ba1818e3d', ${step}, 0)`,
    ),
  ],
  live: [],
};

const hub: DatabaseSeed = {
  file: 'data/experiments.db',
  statements: [
    'CREATE TABLE experiment_configs (id INTEGER PRIMARY KEY, name TEXT, description TEXT, config_json TEXT, project_id INTEGER, created_at TEXT)',
    'CREATE TABLE experiment_runs (id INTEGER PRIMARY KEY, experiment_config_id INTEGER, status TEXT, pid INTEGER, log_path TEXT, metrics_summary TEXT, checkpoint_path TEXT, started_at TEXT, ended_at TEXT)',
    'CREATE TABLE metric_logs (id INTEGER PRIMARY KEY, run_id INTEGER, step INTEGER, epoch INTEGER, timestamp TEXT, metrics_json TEXT)',
    'CREATE TABLE system_stats (id INTEGER PRIMARY KEY, run_id INTEGER, timestamp TEXT, gpu_util REAL, gpu_memory_used REAL)',
    'CREATE TABLE jobs (id INTEGER PRIMARY KEY, run_id INTEGER, status TEXT)',
    `INSERT INTO experiment_configs VALUES (1, 'base', '', '{"lr":0.1}', 1, '2026-01-01 00:00:00')`,
    `INSERT INTO experiment_runs VALUES (1, 1, 'COMPLETED', 12, 'logs/1.log', '{"acc":0.5}', NULL, '2026-01-01 00:00:00', '2026-01-01 00:10:00')`,
    ...Array.from(
      { length: 12 },
      (_, step) =>
        `INSERT INTO metric_logs VALUES (${step + 1}, 1, ${step}, 0, '2026-01-01 00:00:${String(step).padStart(2, '0')}', '{"loss":${1 / (step + 1)}}')`,
    ),
  ],
  live: [],
};

/** A database at rest, and one whose last rows stand in its write-ahead log. */
export const trackioTrees = (): readonly Tree[] => [makeTree(trackio, false), makeTree(trackio, true)];
export const mlflowTrees = (): readonly Tree[] => [makeTree(mlflow, false), makeTree(mlflow, true)];
export const hubTrees = (): readonly Tree[] => [makeTree(hub, false)];

function makeTree({ file, statements, live }: DatabaseSeed, isLive: boolean): Tree {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-fuzz-seed-'));
  const database = new DatabaseSync(path.join(folder, 'seed.db'));
  try {
    database.exec('PRAGMA page_size = 512');
    if (isLive) database.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0');
    database.exec('PRAGMA synchronous = OFF');
    for (const part of [statements, live]) database.exec(['BEGIN', ...part, 'COMMIT'].join(';\n'));
    const names = readdirSync(folder).filter((name) => !name.endsWith('-shm'));
    return Object.fromEntries(
      names.map((name) => [name.replace('seed.db', file), Uint8Array.from(readFileSync(path.join(folder, name)))]),
    );
  } finally {
    database.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
