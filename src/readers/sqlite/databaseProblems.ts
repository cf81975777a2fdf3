import path from 'node:path';
import type { ReaderProblem } from '../../domain/records.ts';

/** A database that is written to all the time may fail to be read now and then; so many failures in a row are worth telling. */
const patience = 3;

/** What a reader says of its database: a trouble once, as long as it stays the same, and one that may pass only when it does not. */
export class DatabaseProblems {
  readonly #file: string;
  #failures = 0;
  #told = '';

  /** `file` is the path of the database. */
  constructor(file: string) {
    this.#file = path.basename(file);
  }

  /** The database was read: its damage, where the last poll did not tell the same. */
  read(faults: readonly { readonly message: string; readonly offset: number | undefined }[]): readonly ReaderProblem[] {
    this.#failures = 0;
    return this.#once(faults.map(({ message, offset }) => this.problem(message, offset)));
  }

  /** It could not be read. One that is gone is no problem: it may be written anew. */
  failed(reason: string, message: string): readonly ReaderProblem[] {
    this.#failures++;
    return reason !== 'absent' && this.#failures >= patience ? this.#once([this.problem(message)]) : [];
  }

  problem(message: string, offset?: number): ReaderProblem {
    return { file: this.#file, message, ...(offset === undefined ? {} : { offset }) };
  }

  #once(problems: readonly ReaderProblem[]): readonly ReaderProblem[] {
    const text = JSON.stringify(problems);
    if (text === this.#told) return [];
    this.#told = text;
    return problems;
  }
}
