/** One step of the schema, run with foreign keys off, so that a table can be built anew. Steps are never edited once released; a database remembers the last one in `PRAGMA user_version`. */
export interface Migration {
  readonly id: number;
  readonly reason: string;
  readonly sql: string;
}

/**
 * `jobs`, `requests`, `sweeps`, `marks` and what the user said in `merges` are the user's; everything else is an index over files that can be read again.
 * Numbers that JSON cannot hold stay in REAL columns, where NaN becomes NULL.
 */
export const migrations: readonly Migration[] = [
  {
    id: 1,
    reason:
      'The first schema: runs that were found, their series and media, what the user says of them, and the queue.',
    sql: `
      CREATE TABLE runs (
        id TEXT PRIMARY KEY,
        source TEXT NOT NULL,
        path TEXT NOT NULL,
        root TEXT NOT NULL,
        name TEXT NOT NULL,
        found_at REAL NOT NULL,
        facts TEXT NOT NULL,
        problems TEXT NOT NULL,
        glance TEXT NOT NULL,
        cursor TEXT,
        UNIQUE (source, path)
      ) STRICT;
      CREATE INDEX runs_by_root ON runs (root);
      CREATE TABLE marks (
        run_id TEXT PRIMARY KEY,
        name TEXT,
        labels TEXT NOT NULL,
        note TEXT NOT NULL,
        archived INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE series (
        id INTEGER PRIMARY KEY,
        run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        tag TEXT NOT NULL,
        kind TEXT NOT NULL,
        count INTEGER NOT NULL,
        first_step REAL,
        last_step REAL,
        first_value REAL,
        last_value REAL,
        min REAL,
        max REAL,
        non_finite INTEGER NOT NULL,
        first_wall REAL,
        last_wall REAL,
        sketch TEXT NOT NULL,
        UNIQUE (run_id, tag)
      ) STRICT;
      CREATE TABLE chunks (
        series_id INTEGER NOT NULL REFERENCES series (id) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        count INTEGER NOT NULL,
        points BLOB NOT NULL,
        PRIMARY KEY (series_id, number)
      ) STRICT;
      CREATE TABLE media (
        run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        tag TEXT NOT NULL,
        step REAL NOT NULL,
        position INTEGER NOT NULL,
        record TEXT NOT NULL
      ) STRICT;
      CREATE INDEX media_by_run ON media (run_id, tag, step, position);
      CREATE TABLE jobs (
        id TEXT PRIMARY KEY,
        run_id TEXT NOT NULL,
        run_name TEXT NOT NULL,
        directory TEXT NOT NULL,
        state TEXT NOT NULL,
        target TEXT NOT NULL,
        slot TEXT NOT NULL,
        position REAL NOT NULL,
        submitted_at REAL NOT NULL,
        started_at REAL,
        ended_at REAL,
        exit_code INTEGER
      ) STRICT;
      CREATE TABLE requests (
        id TEXT PRIMARY KEY,
        run_id TEXT NOT NULL,
        created_at REAL NOT NULL
      ) STRICT;`,
  },
  {
    id: 2,
    reason:
      'A launch that is cut off between its run directory and its place in the queue is finished at the next start, which needs both in the request.',
    sql: `
      ALTER TABLE requests ADD COLUMN root TEXT NOT NULL DEFAULT '';
      ALTER TABLE requests ADD COLUMN directory TEXT NOT NULL DEFAULT '';
      ALTER TABLE requests ADD COLUMN queued INTEGER NOT NULL DEFAULT 1;
      ALTER TABLE requests ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE requests ADD COLUMN slot TEXT NOT NULL DEFAULT 'cpu';`,
  },
  {
    id: 3,
    reason:
      "Jobs have a priority, dependencies, GPUs, a group and a reason for their failure; sweeps keep a ledger of trials, which is the user's too: it survives deleted runs.",
    sql: `
      ALTER TABLE jobs ADD COLUMN priority INTEGER;
      ALTER TABLE jobs ADD COLUMN after_jobs TEXT;
      ALTER TABLE jobs ADD COLUMN not_before REAL;
      ALTER TABLE jobs ADD COLUMN gpus INTEGER;
      ALTER TABLE jobs ADD COLUMN assigned TEXT;
      ALTER TABLE jobs ADD COLUMN group_name TEXT;
      ALTER TABLE jobs ADD COLUMN group_limit INTEGER;
      ALTER TABLE jobs ADD COLUMN failure TEXT;
      CREATE TABLE sweeps (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        folder TEXT NOT NULL,
        created_at REAL NOT NULL,
        paused INTEGER NOT NULL,
        request TEXT NOT NULL
      ) STRICT;
      CREATE TABLE trials (
        sweep_id TEXT NOT NULL REFERENCES sweeps (id) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        overrides TEXT NOT NULL,
        runs TEXT NOT NULL,
        next TEXT,
        value REAL,
        PRIMARY KEY (sweep_id, number)
      ) STRICT;
      CREATE TABLE sweep_requests (
        id TEXT PRIMARY KEY,
        sweep_id TEXT NOT NULL,
        started INTEGER NOT NULL
      ) STRICT;`,
  },
  {
    id: 4,
    reason:
      "A file may hold several runs, so a run's place has a key; a run may have parts; what is one run is decided by evidence or by the user, whose word is kept.",
    sql: `
      CREATE TABLE placed_runs (
        id TEXT PRIMARY KEY,
        source TEXT NOT NULL,
        path TEXT NOT NULL,
        run_key TEXT,
        parts TEXT,
        root TEXT NOT NULL,
        name TEXT NOT NULL,
        found_at REAL NOT NULL,
        facts TEXT NOT NULL,
        problems TEXT NOT NULL,
        glance TEXT NOT NULL,
        cursor TEXT,
        skimmed INTEGER NOT NULL DEFAULT 0
      ) STRICT;
      INSERT INTO placed_runs (id, source, path, root, name, found_at, facts, problems, glance, cursor)
        SELECT id, source, path, root, name, found_at, facts, problems, glance, cursor FROM runs;
      DROP TABLE runs;
      ALTER TABLE placed_runs RENAME TO runs;
      CREATE INDEX runs_by_root ON runs (root);
      CREATE UNIQUE INDEX runs_by_place ON runs (source, path, ifnull(run_key, ''));
      ALTER TABLE series ADD COLUMN system INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE series ADD COLUMN duplicate INTEGER NOT NULL DEFAULT 0;
      CREATE TABLE merges (
        one TEXT NOT NULL,
        other TEXT NOT NULL,
        verdict TEXT NOT NULL,
        decided_by TEXT NOT NULL,
        why TEXT NOT NULL,
        decided_at REAL NOT NULL,
        PRIMARY KEY (one, other)
      ) STRICT;`,
  },
  {
    id: 5,
    reason:
      "Why a trial of a sweep could not be launched is part of the ledger: it is the user's, and asked after a restart too.",
    sql: 'ALTER TABLE trials ADD COLUMN refused TEXT;',
  },
  {
    id: 6,
    reason:
      'Of a run that nobody looks at only figures are kept: in one piece they cost a tenth of what a row per series does.',
    sql: `
      CREATE TABLE digests (
        run_id TEXT PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
        figures BLOB NOT NULL
      ) STRICT;`,
  },
];

export const newestMigration = migrations.at(-1)!.id;
