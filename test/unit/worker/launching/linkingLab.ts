import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { FoundRun } from '../../../../src/domain/records.ts';
import { discoverPlaces, openRun } from '../../../../src/readers/index.ts';
import type { ReaderPool } from '../../../../src/worker/runs/readerPool.ts';
import type { RunCatalog } from '../../../../src/worker/runs/runCatalog.ts';

/** The readers themselves, in this thread. */
export const pool = {
  ask: async (_: string, call: string, params: { root: string; run: FoundRun }) => {
    if (call === 'discover') return { runs: (await discoverPlaces(params.root)).runs };
    const reader = openRun(params.run);
    try {
      return await reader.poll(undefined, { maxBytes: 64_000 });
    } finally {
      reader.dispose();
    }
  },
} as unknown as ReaderPool;
/** A catalog that knows no run. */
export const catalog = { all: () => [], at: () => undefined } as unknown as RunCatalog;

/** A database as Trackio makes it, with a first row of each run that many seconds ago, and a configuration. */
export function trackio(
  file: string,
  runs: { readonly [name: string]: { readonly age: number; readonly config?: object } },
) {
  mkdirSync(path.dirname(file), { recursive: true });
  const database = new DatabaseSync(file);
  database.exec('PRAGMA journal_mode=WAL');
  database.exec(
    'CREATE TABLE metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp TEXT, run_name TEXT, step INTEGER, metrics TEXT)',
  );
  database.exec('CREATE TABLE configs (id INTEGER PRIMARY KEY, run_name TEXT, config TEXT, created_at TEXT)');
  const row = database.prepare('INSERT INTO metrics (timestamp, run_name, step, metrics) VALUES (?, ?, 0, ?)');
  const config = database.prepare("INSERT INTO configs (run_name, config, created_at) VALUES (?, ?, '')");
  for (const [name, run] of Object.entries(runs)) {
    row.run(new Date(Date.now() - run.age * 1000).toISOString(), name, '{"loss": 1}');
    if (run.config !== undefined) config.run(name, JSON.stringify(run.config));
  }
  database.close();
}
