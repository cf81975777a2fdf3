import { DatabaseSync } from 'node:sqlite';

/** A tracker's database as the benchmark makes it. */
export interface MadeDatabase {
  /** Size of the file with its log. */
  readonly bytes: number;
  /** Values of the one run that is read. */
  readonly scalars: number;
}

export const trackioTags = [
  'train/loss',
  'train/acc',
  'train/lr',
  'train/grad_norm',
  'epoch',
  'gpu/mem',
  'tokens_per_second',
  'val/loss',
];

/** A Trackio project of about this size with two runs, one of which is a fifth, as trackio/sqlite_storage.py 0.36 writes it: JSON as BLOBs, WAL. */
export function writeTrackio(file: string, size: number): MadeDatabase {
  const database = new DatabaseSync(file);
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;
    CREATE TABLE metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, timestamp TEXT NOT NULL, run_name TEXT NOT NULL, step INTEGER NOT NULL, metrics TEXT NOT NULL, log_id TEXT, space_id TEXT);
    CREATE INDEX idx_metrics_run_step ON metrics (run_id, step);
    CREATE TABLE configs (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, run_name TEXT NOT NULL, config TEXT NOT NULL, created_at TEXT NOT NULL, UNIQUE(run_id));
    CREATE TABLE system_metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, timestamp TEXT NOT NULL, run_name TEXT NOT NULL, metrics TEXT NOT NULL, log_id TEXT, space_id TEXT)`);
  const insert = database.prepare(
    'INSERT INTO metrics (run_id, timestamp, run_name, step, metrics, log_id) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const random = makeRandom();
  const encoder = new TextEncoder();
  let scalars = 0;
  database.exec('BEGIN');
  // A row takes about this much with its entry in the index.
  for (let row = 0; row < size / 460; row++) {
    const isMain = row % 5 !== 0;
    const values = Object.fromEntries(
      trackioTags.map((tag, index) => [tag, index === 4 ? Math.floor(row / 1000) : random() * (index + 1)]),
    );
    const time = new Date(1_770_000_000_000 + row * 137).toISOString().replace('Z', '512+00:00');
    insert.run(
      isMain ? mainRun : 'b'.repeat(32),
      time,
      isMain ? 'main' : 'other',
      row,
      encoder.encode(JSON.stringify(values)),
      `${row.toString(16).padStart(32, '0')}`,
    );
    if (isMain) scalars += trackioTags.length;
  }
  database.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)');
  return close(database, scalars);
}

/** The run that is read. */
export const mainRun = 'a'.repeat(32);

/** An MLflow store of about this size with ten runs (mlflow/store/tracking/dbmodels/models.py). */
export function writeMlflow(file: string, size: number): MadeDatabase {
  const database = new DatabaseSync(file);
  database.exec(`PRAGMA synchronous = OFF;
    CREATE TABLE experiments (experiment_id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(256) NOT NULL, lifecycle_stage VARCHAR(32));
    CREATE TABLE runs (run_uuid VARCHAR(32) NOT NULL, name VARCHAR(250), status VARCHAR(9), start_time BIGINT, end_time BIGINT, lifecycle_stage VARCHAR(20), artifact_uri VARCHAR(200), experiment_id INTEGER, CONSTRAINT run_pk PRIMARY KEY (run_uuid));
    CREATE TABLE metrics (key VARCHAR(250) NOT NULL, value FLOAT NOT NULL, timestamp BIGINT NOT NULL, run_uuid VARCHAR(32) NOT NULL, step BIGINT DEFAULT '0' NOT NULL, is_nan BOOLEAN DEFAULT '0' NOT NULL, CONSTRAINT metric_pk PRIMARY KEY (key, timestamp, step, run_uuid, value, is_nan));
    CREATE INDEX index_metrics_run_uuid ON metrics (run_uuid, key, step);
    CREATE TABLE params (key VARCHAR(250) NOT NULL, value VARCHAR(8000) NOT NULL, run_uuid VARCHAR(32) NOT NULL, CONSTRAINT param_pk PRIMARY KEY (key, run_uuid));
    CREATE TABLE tags (key VARCHAR(250) NOT NULL, value VARCHAR(8000), run_uuid VARCHAR(32) NOT NULL, CONSTRAINT tag_pk PRIMARY KEY (key, run_uuid));
    INSERT INTO runs VALUES ('${mainRun}', 'main', 'FINISHED', 1700000000000, 1700000900000, 'active', '', 0)`);
  const insert = database.prepare('INSERT INTO metrics (key, value, timestamp, run_uuid, step) VALUES (?, ?, ?, ?, ?)');
  const random = makeRandom();
  let scalars = 0;
  database.exec('BEGIN');
  for (let row = 0; row < size / 290; row++) {
    // Long stretches of one run, as one training after the other leaves them.
    const isMain = Math.floor(row / 5000) % 2 === 0;
    insert.run(
      trackioTags[row % trackioTags.length]!,
      random(),
      1_770_000_000_000 + row,
      isMain ? mainRun : 'b'.repeat(32),
      Math.floor(row / trackioTags.length),
    );
    if (isMain) scalars++;
  }
  database.exec('COMMIT');
  return close(database, scalars);
}

function close(database: DatabaseSync, scalars: number): MadeDatabase {
  const { pages } = database.prepare('SELECT page_count AS pages FROM pragma_page_count()').get() as { pages: number };
  const { size } = database.prepare('SELECT page_size AS size FROM pragma_page_size()').get() as { size: number };
  database.close();
  return { bytes: pages * size, scalars };
}

function makeRandom(): () => number {
  let seed = 12345;
  return () => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return seed / 2 ** 32 + 1e-9;
  };
}
