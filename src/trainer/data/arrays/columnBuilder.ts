import { badData } from '../files/badData.ts';
import { GrowingNumbers } from '../files/growingNumbers.ts';
import type { Column } from './columns.ts';

/** What a cell of a table holds: a number, text, or several numbers. */
export type Cell = number | string | readonly number[];

/** Takes the cells of a column one after the other. Cells that are numbers only make numbers; one text makes all of them text. */
export class ColumnBuilder {
  readonly #name: string;
  readonly #file: string;
  readonly #numbers = new GrowingNumbers();
  /** As they were written, from the first text on. */
  #texts: string[] | undefined;
  #length: number | undefined;
  #rows = 0;

  constructor(name: string, file: string) {
    this.#name = name;
    this.#file = file;
  }

  /** @param line of the file, from 1 */
  add(cell: Cell, line: number): void {
    this.#rows++;
    if (typeof cell === 'string') this.#addText(cell);
    else if (this.#texts !== undefined) this.#texts.push(String(cell));
    else this.#addNumbers(typeof cell === 'number' ? undefined : cell.length, cell, line);
  }

  column(): Column {
    const rows = this.#rows;
    if (this.#texts !== undefined) return { kind: 'text', rows, texts: this.#texts };
    return {
      kind: 'memory',
      rows,
      shape: this.#length === undefined ? [] : [this.#length],
      values: this.#numbers.values(),
    };
  }

  #addText(text: string): void {
    this.#texts ??= Array.from(this.#numbers.values(), String);
    this.#texts.push(text);
  }

  #addNumbers(length: number | undefined, cell: number | readonly number[], line: number): void {
    if (this.#rows === 1) this.#length = length;
    else if (this.#length !== length) {
      const describe = (count: number | undefined) => (count === undefined ? 'one number' : `a list of ${count}`);
      throw badData(`"${this.#name}" is ${describe(length)} in line ${line}, and ${describe(this.#length)} before.`, {
        file: this.#file,
        hint: 'All rows of a column must have one length.',
      });
    }
    if (typeof cell === 'number') this.#numbers.push(cell);
    else for (const value of cell) this.#numbers.push(value);
  }
}
