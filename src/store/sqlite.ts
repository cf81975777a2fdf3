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
      // SQLite has rolled back by itself after some errors, a full disk among them.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw explained(error);
    }
  }
}

/** SQLite's result codes for what a person can mend (https://www.sqlite.org/rescode.html). */
const fullCode = 13;
const readOnlyCode = 8;
const ioErrorCode = 10;

/** The error of the file system behind an error of SQLite, in words; any other error as it is. */
function explained(error: unknown): unknown {
  const code = (error as { errcode?: number } | null)?.errcode;
  if (code === undefined) return error;
  const primary = code & 0xff;
  if (primary === fullCode || primary === ioErrorCode) {
    return new AppError('disk-full', `The worker's database cannot be written: ${(error as Error).message}.`, {
      hint: 'Free some space on the disk of the home folder; nothing that was kept is lost.',
      cause: error,
    });
  }
  if (primary === readOnlyCode) {
    return new AppError('read-only', `The worker's database cannot be written: ${(error as Error).message}.`, {
      hint: 'Make the folder of the database writable, or set TRAINYARD_HOME to another one.',
      cause: error,
    });
  }
  return error;
}
