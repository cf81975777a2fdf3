import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import type {
  FoundRun,
  MediaRecord,
  PollResult,
  ReaderCursor,
  ReaderProblem,
  RunFacts,
} from '../../../../src/domain/records.ts';
import type { RunReader } from '../../../../src/readers/index.ts';
import { bytes, double, float, int, message } from './proto.ts';

/** CRC-32C bit by bit, as RFC 3720 defines it. */
function crc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

const masked = (data: Uint8Array): number => {
  const crc = crc32c(data);
  return ((((crc >>> 15) | (crc << 17)) >>> 0) + 0xa282ead8) >>> 0;
};

/** The 12 bytes before a payload of this length. */
export function frameHeader(length: number): Buffer {
  const header = Buffer.alloc(12);
  header.writeBigUInt64LE(BigInt(length));
  header.writeUInt32LE(masked(header.subarray(0, 8)), 8);
  return header;
}

export function frame(payload: Uint8Array): Buffer {
  const tail = Buffer.alloc(4);
  tail.writeUInt32LE(masked(payload));
  return Buffer.concat([frameHeader(payload.length), payload, tail]);
}

export const event = (wallTime: number, step: number | bigint, ...rest: readonly Uint8Array[]): Buffer =>
  frame(Buffer.concat([double(1, wallTime), ...(step === 0 ? [] : [int(2, step)]), ...rest]));

export const version = (): Buffer => event(1_700_000_000, 0, bytes(3, 'brain.Event:2'));
export const summary = (...values: readonly Uint8Array[]): Buffer => message(5, ...values);
export const value = (tag: string, ...rest: readonly Uint8Array[]): Buffer => message(1, bytes(1, tag), ...rest);
export const simple = (tag: string, number: number): Buffer => value(tag, float(2, number));
export const metadata = (plugin: string, content: Buffer = Buffer.alloc(0)): Buffer =>
  message(9, message(1, bytes(1, plugin), ...(content.length > 0 ? [bytes(2, content)] : [])));
export const shape = (...sizes: readonly number[]): Buffer =>
  message(2, ...sizes.map((size) => message(2, int(1, size))));
export const tensor = (dtype: number, dimensions: readonly number[], ...rest: readonly Uint8Array[]): Buffer =>
  message(8, int(1, dtype), shape(...dimensions), ...rest);

export const scalarV1 = (wallTime: number, step: number | bigint, tag: string, number: number): Buffer =>
  event(wallTime, step, summary(simple(tag, number)));

/** A fresh folder that is removed after the test. */
export function temporaryFolder(context: Pick<TestContext, 'after'>): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-readers-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export const runAt = (folder: string): FoundRun => ({
  source: 'tensorboard',
  path: folder,
  root: folder,
  name: path.basename(folder),
});

/** Everything that a reader gave, rows by tag. */
export interface Gathered {
  rows: Map<string, { steps: number[]; wallTimes: number[]; values: number[] }>;
  media: MediaRecord[];
  problems: ReaderProblem[];
  facts: RunFacts;
  cursor: ReaderCursor | undefined;
  resets: number;
}

export const nothing = (): Gathered => ({
  rows: new Map(),
  media: [],
  problems: [],
  facts: {},
  cursor: undefined,
  resets: 0,
});

export function gather(into: Gathered, polled: PollResult): void {
  if (polled.reset) {
    into.rows.clear();
    into.media = [];
    into.resets++;
  }
  for (const { tag, steps, wallTimes, values } of polled.scalars) {
    const rows = into.rows.get(tag) ?? { steps: [], wallTimes: [], values: [] };
    into.rows.set(tag, rows);
    rows.steps.push(...steps);
    rows.wallTimes.push(...wallTimes);
    rows.values.push(...values);
  }
  into.media.push(...polled.media);
  into.problems.push(...polled.problems);
  into.facts = { ...into.facts, ...polled.facts };
  // As the database keeps it.
  into.cursor = JSON.parse(JSON.stringify(polled.cursor)) as ReaderCursor;
}

/** Polls until there is nothing more. */
export async function readAll(reader: RunReader, into = nothing(), maxBytes = 1 << 20): Promise<Gathered> {
  for (let more = true; more; ) {
    const polled = await reader.poll(into.cursor, { maxBytes });
    gather(into, polled);
    more = polled.more;
  }
  return into;
}
