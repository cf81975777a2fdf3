import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import { crc32 } from 'node:zlib';

/** What W&B logs beside the metrics of a step is the same as in logs of wandb 0.30: two summary records before each history record, all items in random order. */
const tags = Array.from(
  { length: 20 },
  (_, index) => `${['train', 'val', 'optim', 'data'][index % 4]}/metric_${index}`,
);

const blockBytes = 32768;
const headerBytes = 7;

export interface WrittenLog {
  /** Path of the file. */
  readonly log: string;
  readonly bytes: number;
  readonly rows: number;
  /** Numbers in the history, without step and time. */
  readonly scalars: number;
}

/** Writes a run's folder with a transaction log of about this size and 20 metrics. The same for every call. */
export function writeWandbRun(folder: string, size: number): WrittenLog {
  mkdirSync(folder, { recursive: true });
  const log = path.join(folder, 'run-bench123.wandb');
  const handle = openSync(log, 'wx');
  const random = randomNumbers(12345);
  let bytes = writeSync(handle, Buffer.from([0x3a, 0x57, 0x26, 0x42, 0xe1, 0xbe, 0]));
  let number = 0;
  const record = (key: readonly number[], content: Buffer): Buffer => {
    number++;
    return Buffer.concat([Buffer.from([0x08, ...varint(number), ...key, ...varint(content.length)]), content]);
  };
  const write = (payload: Buffer): void => {
    for (const chunk of chunksOf(payload, bytes)) bytes += writeSync(handle, chunk);
  };
  write(record([0x8a, 0x01], Buffer.concat([text(0x0a, 'bench123'), text(0x1a, 'bench')])));
  let rows = 0;
  for (; bytes < size; rows++) {
    const seconds = rows * 0.137;
    const items = shuffled(
      [
        ...tags.map((tag, index) => item(0x12, tag, String(Math.exp(-rows / 5e4) + random() * 0.1 * (index + 1)))),
        item(0x12, '_step', String(rows)),
        item(0x12, '_timestamp', (1.7e9 + seconds + random() * 0.01).toExponential(16).replace('e+9', 'e+09')),
        item(0x12, '_runtime', String(seconds)),
      ],
      random,
    );
    write(record([0x1a], Buffer.concat([text(0x0a, item(0x0a, '_runtime', String(Math.floor(seconds))))])));
    write(record([0x1a], Buffer.concat(shuffled(items, random).map((content) => text(0x0a, content)))));
    const step = Buffer.from([0x08, ...varint(rows)]);
    write(
      record(
        [0x12],
        Buffer.concat([
          ...items.map((content) => text(0x0a, content)),
          text(0x12, rows === 0 ? Buffer.alloc(0) : step),
        ]),
      ),
    );
  }
  write(record([0x92, 0x01], Buffer.alloc(0)));
  closeSync(handle);
  return { log, bytes, rows, scalars: rows * (tags.length + 1) };
}

/** A payload as LevelDB's log has it, from this offset of the file on. */
function* chunksOf(payload: Buffer, offset: number): Generator<Buffer> {
  let at = offset;
  for (let from = 0, isFirst = true; isFirst || from < payload.length; isFirst = false) {
    let left = blockBytes - (at % blockBytes);
    if (left < headerBytes) {
      yield Buffer.alloc(left);
      at += left;
      left = blockBytes;
    }
    const data = payload.subarray(from, from + left - headerBytes);
    from += data.length;
    const isLast = from === payload.length;
    const chunk = Buffer.concat([Buffer.alloc(headerBytes), data]);
    chunk.writeUInt16LE(data.length, 4);
    chunk[6] = isFirst ? (isLast ? 1 : 2) : isLast ? 4 : 3;
    chunk.writeUInt32LE(crc32(chunk.subarray(6)), 0);
    at += chunk.length;
    yield chunk;
  }
}

function item(keyField: number, name: string, json: string): Buffer {
  return Buffer.concat([text(keyField, name), Buffer.from([0x82, 0x01, ...varint(json.length)]), Buffer.from(json)]);
}

function text(key: number, content: string | Buffer): Buffer {
  const body = Buffer.from(content as string);
  return Buffer.concat([Buffer.from([key, ...varint(body.length)]), body]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return bytes;
}

function randomNumbers(start: number): () => number {
  let seed = start;
  return () => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return seed / 2 ** 32;
  };
}

function shuffled(items: readonly Buffer[], random: () => number): readonly Buffer[] {
  return items
    .map((content) => ({ content, order: random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ content }) => content);
}
