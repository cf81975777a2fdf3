import { stat } from 'node:fs/promises';
import path from 'node:path';
import { crc32c } from '../../base/crc32c.ts';
import type { Json, JsonObject } from '../../domain/json.ts';
import type {
  MediaRecord,
  PollResult,
  ReaderCursor,
  ReaderProblem,
  RunFacts,
  ScalarBatch,
} from '../../domain/records.ts';
import { changedFacts } from '../files/changedFacts.ts';
import { readSmallText } from '../files/jsonFile.ts';
import type { PollBudget, RunReader } from '../format.ts';
import { CsvScan } from '../text/csvScan.ts';
import { begunAt, textLogStatus } from '../text/life.ts';
import { parseTree, Surroundings } from '../text/surroundings.ts';
import { stateOf } from '../text/tailFile.ts';
import { TailReader } from '../text/tailReader.ts';
import { paramsFile, summaryFile } from './names.ts';
import { type ImageFile, listImages, listSeries, type SeriesFile } from './seriesFiles.ts';

/** What the reader keeps between polls: a cursor per table, and which pictures were told. */
interface LiveCursor {
  readonly files: { readonly [file: string]: Json };
  readonly images: number;
  readonly imagesCrc: number;
  readonly grew: boolean;
}

interface Polled {
  readonly next: LiveCursor;
  readonly more: boolean;
  readonly scalars: readonly ScalarBatch[];
  readonly media: readonly MediaRecord[];
  readonly problems: readonly ReaderProblem[];
}

const version = 1;
const empty: LiveCursor = { files: {}, images: 0, imagesCrc: 0, grew: false };

/** Reads a folder of DVCLive: a table per metric, pictures, parameters and the last values. A program that starts again there clears it first. */
export class DvcliveReader implements RunReader {
  readonly #folder: string;
  readonly #surroundings: Surroundings;
  readonly #tables = new Map<string, TailReader>();
  #told: RunFacts = {};

  constructor(folder: string) {
    this.#folder = folder;
    const names = { configs: [paramsFile], outputs: ['artifacts'] };
    this.#surroundings = new Surroundings(folder, summaryFile, names);
  }

  async poll(cursor: ReaderCursor | undefined, budget: PollBudget): Promise<PollResult> {
    const known = readCursor(cursor);
    const goneOn = known === undefined ? undefined : await this.#poll(known, budget.maxBytes);
    const polled = goneOn ?? (await this.#poll(empty, budget.maxBytes));
    if (polled === undefined) throw new Error('A reading from the start has nothing that it could contradict.');
    const reset = cursor !== undefined && goneOn === undefined;
    const facts = await this.#facts(polled.next.grew);
    const changed = changedFacts(cursor === undefined || reset ? {} : this.#told, facts);
    this.#told = facts;
    const { next, more, scalars, media, problems } = polled;
    return { cursor: { version, ...next } as JsonObject, reset, more, facts: changed, scalars, media, problems };
  }

  dispose(): void {
    for (const table of this.#tables.values()) table.dispose();
    this.#tables.clear();
  }

  /** Reads on; undefined where something that was told before does not hold any more. */
  async #poll(from: LiveCursor, maxBytes: number): Promise<Polled | undefined> {
    const series = await listSeries(this.#folder);
    const images = await listImages(this.#folder);
    const isGone = Object.keys(from.files).some((file) => !series.some((table) => table.file === file));
    if (isGone || images.length < from.images || crcOf(images.slice(0, from.images)) !== from.imagesCrc)
      return undefined;
    const files: { [file: string]: Json } = { ...from.files };
    const scalars: ScalarBatch[] = [];
    const problems: ReaderProblem[] = [];
    let left = maxBytes;
    let more = false;
    for (const table of series) {
      if (left <= 0) {
        more = true;
        break;
      }
      const polled = await this.#table(table).poll(from.files[table.file], { maxBytes: left });
      if (polled.reset) return undefined;
      files[table.file] = polled.cursor;
      scalars.push(...polled.scalars);
      problems.push(...polled.problems.map((problem) => ({ ...problem, file: table.file })));
      for (const { values } of polled.scalars) left -= values.length * 8;
      if (polled.more) {
        more = true;
        break;
      }
    }
    const media = await Promise.all(images.slice(from.images).map((image) => this.#media(image)));
    const grew = from !== empty && (from.grew || scalars.length > 0 || media.length > 0);
    return { next: { files, images: images.length, imagesCrc: crcOf(images), grew }, more, scalars, media, problems };
  }

  #table({ file, tag }: SeriesFile): TailReader {
    let table = this.#tables.get(file);
    if (table === undefined) {
      // The last column holds the value; its name is only the last part of the metric's.
      const tagOf = (name: string, index: number, names: readonly string[]) =>
        index === names.length - 1 ? tag : `${tag}/${name}`;
      table = new TailReader({
        file: path.join(this.#folder, file),
        makeScan: (state) => new CsvScan(state, { tagOf }),
      });
      this.#tables.set(file, table);
    }
    return table;
  }

  /** A picture's time is that of its file: nothing else tells it. */
  async #media({ file, tag, step, mime }: ImageFile): Promise<MediaRecord> {
    const found = await stat(path.join(this.#folder, file)).catch(() => undefined);
    const wallTime = (found?.mtimeMs ?? 0) / 1000;
    return { tag, kind: 'image', step, wallTime, index: 0, mime, place: { at: 'file', file } };
  }

  async #facts(grew: boolean): Promise<RunFacts> {
    const file = path.join(this.#folder, summaryFile);
    const state = await stateOf(file);
    const text = await readSmallText(file);
    const tree = text.ok ? parseTree(text.value, summaryFile) : undefined;
    const { step, ...summary } = tree ?? {};
    return {
      ...textLogStatus({ state, grew, now: Date.now() / 1000, log: summaryFile }),
      ...(state === undefined ? {} : { createdAt: begunAt(state) }),
      ...(typeof step === 'number' ? { progress: { step } } : {}),
      ...(Object.keys(summary).length === 0 ? {} : { summary }),
      ...(await this.#surroundings.facts()),
    };
  }
}

function crcOf(images: readonly ImageFile[]): number {
  return crc32c(new TextEncoder().encode(images.map(({ file }) => file).join('\n')));
}

function readCursor(cursor: ReaderCursor | undefined): LiveCursor | undefined {
  if (cursor === undefined || cursor === null || typeof cursor !== 'object' || Array.isArray(cursor)) return undefined;
  const { version: kept, files, images, imagesCrc, grew } = cursor as JsonObject;
  if (kept !== version || files === null || typeof files !== 'object' || typeof images !== 'number') return undefined;
  return { files: files as LiveCursor['files'], images, imagesCrc: Number(imagesCrc), grew: grew === true };
}
