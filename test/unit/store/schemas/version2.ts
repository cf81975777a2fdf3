/**
 * A database as version 2 of the schema wrote it, with a run, a queue entry and what a user said. It is kept as it was: a change here would
 * hide that an old database can no longer be opened.
 */
export const schemaVersion2 = `
  PRAGMA journal_mode = WAL;
  CREATE TABLE runs (
    id TEXT PRIMARY KEY, source TEXT NOT NULL, path TEXT NOT NULL, root TEXT NOT NULL, name TEXT NOT NULL, found_at REAL NOT NULL,
    facts TEXT NOT NULL, problems TEXT NOT NULL, glance TEXT NOT NULL, cursor TEXT, UNIQUE (source, path)
  ) STRICT;
  CREATE INDEX runs_by_root ON runs (root);
  CREATE TABLE marks (run_id TEXT PRIMARY KEY, name TEXT, labels TEXT NOT NULL, note TEXT NOT NULL, archived INTEGER NOT NULL) STRICT;
  CREATE TABLE series (
    id INTEGER PRIMARY KEY, run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, tag TEXT NOT NULL, kind TEXT NOT NULL, count INTEGER NOT NULL,
    first_step REAL, last_step REAL, first_value REAL, last_value REAL, min REAL, max REAL, non_finite INTEGER NOT NULL, first_wall REAL, last_wall REAL,
    sketch TEXT NOT NULL, UNIQUE (run_id, tag)
  ) STRICT;
  CREATE TABLE chunks (
    series_id INTEGER NOT NULL REFERENCES series (id) ON DELETE CASCADE, number INTEGER NOT NULL, count INTEGER NOT NULL, points BLOB NOT NULL,
    PRIMARY KEY (series_id, number)
  ) STRICT;
  CREATE TABLE media (
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, tag TEXT NOT NULL, step REAL NOT NULL, position INTEGER NOT NULL, record TEXT NOT NULL
  ) STRICT;
  CREATE INDEX media_by_run ON media (run_id, tag, step, position);
  CREATE TABLE jobs (
    id TEXT PRIMARY KEY, run_id TEXT NOT NULL, run_name TEXT NOT NULL, directory TEXT NOT NULL, state TEXT NOT NULL, target TEXT NOT NULL,
    slot TEXT NOT NULL, position REAL NOT NULL, submitted_at REAL NOT NULL, started_at REAL, ended_at REAL, exit_code INTEGER
  ) STRICT;
  CREATE TABLE requests (
    id TEXT PRIMARY KEY, run_id TEXT NOT NULL, created_at REAL NOT NULL, root TEXT NOT NULL DEFAULT '', directory TEXT NOT NULL DEFAULT '',
    queued INTEGER NOT NULL DEFAULT 1, held INTEGER NOT NULL DEFAULT 0, slot TEXT NOT NULL DEFAULT 'cpu'
  ) STRICT;
  INSERT INTO runs VALUES ('01JOB', 'trainyard', '/w/runs/old', '/w', 'old', 1, '{}', '[]', '{"metrics":[],"sparkline":[]}', NULL);
  INSERT INTO marks VALUES ('01JOB', 'Mine', '["x","y"]', 'kept', 1);
  INSERT INTO series VALUES (1, '01JOB', 'loss', 'scalar', 2, 0, 1, 0.5, 0.25, 0.25, 0.5, 0, 1, 2, '{"values":[0.5,0.25],"spacing":1,"seen":2}');
  INSERT INTO chunks VALUES (1, 0, 2, x'0000000000000000000000000000F03F000000000000F03F0000000000000040000000000000E03F000000000000D03F');
  INSERT INTO jobs VALUES ('01JOB', '01JOB', 'old', '/w/runs/old', 'waiting', 'local', 'cpu', 1.5, 1, NULL, NULL, NULL);
  INSERT INTO jobs VALUES ('02JOB', '02JOB', 'ran', '/w/runs/ran', 'running', 'local', 'cuda:0', 0.5, 1, 2, NULL, NULL);
  INSERT INTO requests VALUES ('request-1', '01JOB', 1, '/w', '/w/runs/old', 1, 0, 'cpu');
  INSERT INTO requests VALUES ('request-2', '03JOB', 2, '/w', '/w/runs/cut', 0, 1, 'cuda:0');
  PRAGMA user_version = 2;`;
