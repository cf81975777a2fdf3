import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { AppError } from '../base/errors.ts';

export type { DatabaseSync, StatementSync } from 'node:sqlite';

/** SQLite of the runtime. Throws `worker-unavailable` where Node (or Electron) has none. */
export function loadSqlite(): typeof import('node:sqlite') {
  const sqlite = process.getBuiltinModule?.('node:sqlite') as typeof import('node:sqlite') | undefined;
  if (sqlite !== undefined) return sqlite;
  throw new AppError('worker-unavailable', `Node ${process.version} has no built-in SQLite.`, {
    hint: 'Use VS Code 1.101 or newer, or Node 22.15 or newer; the setting trainyard.nodePath names another Node.',
  });
}

/** Statements are prepared once per database and text. */
export class Statements {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  get(sql: string): StatementSync {
    let statement = this.#prepared.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#prepared.set(sql, statement);
    }
    return statement;
  }

  /** Runs `work` in one transaction; nothing of it stays when it throws. */
  transaction<T>(work: () => T): T {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
  }
}
