import type { Disposable } from '../base/disposables.ts';
import { fail, ok, type Result } from '../base/result.ts';
import { migrations, newestMigration } from './migrations.ts';
import { type DatabaseSync, loadSqlite, Statements } from './sqlite.ts';

/** The worker's database, open and at the newest schema. */
export class Database extends Statements implements Disposable {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    super(database);
    this.#database = database;
  }

  dispose(): void {
    this.#database.close();
  }
}

export type DatabaseProblem = 'too-new' | 'damaged';

/**
 * Opens the database at `file` (made where there is none) and brings its schema up to date. `too-new`: a newer Trainyard wrote it, and nothing
 * was touched. `damaged`: SQLite cannot read it. Foreign keys hold; writes are in WAL mode and synced by SQLite at checkpoints.
 */
export function openDatabase(file: string): Result<Database, DatabaseProblem> {
  const { DatabaseSync } = loadSqlite();
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { timeout: 5_000 });
    const version = schemaVersion(database);
    if (version > newestMigration) {
      database.close();
      return fail(
        'too-new',
        `${file} was written by a newer Trainyard (schema ${version}, this one knows ${newestMigration}).`,
      );
    }
    // FULL keeps a committed queue entry through a power cut, which NORMAL in WAL mode does not promise (https://www.sqlite.org/pragma.html#pragma_synchronous).
    database.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF; PRAGMA temp_store = MEMORY;',
    );
    // A table that is built anew is dropped on the way, which must not take with it what refers to it (https://www.sqlite.org/lang_altertable.html#otheralter).
    migrate(database, version);
    database.exec('PRAGMA foreign_keys = ON;');
    return ok(new Database(database));
  } catch (error) {
    if (database?.isOpen) database.close();
    return fail('damaged', `${file} cannot be opened: ${(error as Error).message}`);
  }
}

function schemaVersion(database: DatabaseSync): number {
  return (database.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;
}

/** Each step is a transaction of its own, so a cut migration goes on where it was. */
function migrate(database: DatabaseSync, from: number): void {
  for (const { id, sql } of migrations.filter((migration) => migration.id > from)) {
    database.exec(`BEGIN IMMEDIATE; ${sql}; PRAGMA user_version = ${id}; COMMIT;`);
  }
}
