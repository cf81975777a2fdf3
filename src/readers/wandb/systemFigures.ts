import type { Json } from '../../domain/json.ts';
import type { ScalarBatch } from '../../domain/records.ts';
import { Columns } from './columns.ts';
import { asNumber, isObject, parseJson } from './json.ts';
import { parseNumber } from './number.ts';

/** Tags by the names that W&B gives figures of the machine, and how many samples there were. */
export type KnownFigures = { readonly [name: string]: readonly [tag: string, count: number] };

/** Names that W&B gives to figures of the machine begin with one of these words (core/internal/monitor; sdk/internal/system). */
const systemWords = /^(?:cpu|gpu|memory|disk|network|proc|tpu|ipu|trn|apple|system)(?![A-Za-z0-9])/;

interface Figure {
  readonly columns: Columns;
  count: number;
}

/**
 * Columns of the figures that W&B takes of the machine by itself. Their names are W&B's, "gpu.0.temp"; where a program logged a value of its own under
 * such a name, the one that came later has another tag, so the two never mix.
 */
export class SystemFigures {
  readonly #figures = new Map<string, Figure>();
  /** Tags of the history that could be names of figures. */
  readonly #logged: Set<string>;

  constructor(known: KnownFigures, logged: readonly string[]) {
    this.#logged = new Set(logged);
    for (const [name, [tag, count]] of Object.entries(known)) this.#add(name, tag, count);
  }

  get known(): KnownFigures {
    return Object.fromEntries([...this.#figures].map(([name, { columns, count }]) => [name, [columns.tag, count]]));
  }

  get logged(): readonly string[] {
    return [...this.#logged];
  }

  /** The tag for a name that the program logged. */
  tagOfLogged(name: string): string {
    if (!systemWords.test(name)) return name;
    if (this.#figures.has(name)) return `${name} (logged)`;
    this.#logged.add(name);
    return name;
  }

  /** Takes a figure whose JSON stands in bytes [start, end). Trees, which the Python writers made of network and disk, become several. */
  take(name: string, time: number, bytes: Uint8Array, start: number, end: number): void {
    const number = parseNumber(bytes, start, end);
    if (Number.isNaN(number) && bytes[start] !== bareNaN)
      this.takeValue(name, time, parseJson(bytes, start, end) ?? null);
    else this.#push(name, time, number);
  }

  takeValue(name: string, time: number, value: Json): void {
    if (isObject(value)) {
      for (const [inner, number] of Object.entries(value)) this.takeValue(`${name}.${inner}`, time, number);
      return;
    }
    const number = asNumber(value);
    if (!Number.isNaN(number) || value === 'NaN') this.#push(name, time, number);
  }

  /** The samples since the last call. */
  takeRows(): readonly ScalarBatch[] {
    const filled = [...this.#figures.values()].filter(({ columns }) => columns.count > 0);
    return filled.map(({ columns }) => ({ ...columns.take(), system: true }));
  }

  #push(name: string, time: number, value: number): void {
    const known = this.#figures.get(name);
    const figure = known ?? this.#add(name, this.#logged.has(name) ? `${name} (system)` : name, 0);
    figure.columns.push(figure.count, time, value);
    figure.count++;
  }

  #add(name: string, tag: string, count: number): Figure {
    const figure = { columns: new Columns(tag), count };
    this.#figures.set(name, figure);
    return figure;
  }
}

/** `N` of a bare NaN. */
const bareNaN = 0x4e;
