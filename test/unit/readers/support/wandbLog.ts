import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import type { FoundRun } from '../../../../src/domain/records.ts';
import { bytes, int, message } from './proto.ts';

const blockBytes = 32768;
const headerBytes = 7;
export const fileHeader = Buffer.from([0x3a, 0x57, 0x26, 0x42, 0xe1, 0xbe, 0x00]);

/** Records as LevelDB's log holds them, behind the header of W&B, as wandb/sdk/internal/datastore.py writes them. */
export function logBytes(records: readonly Uint8Array[]): Buffer {
  const parts: Buffer[] = [fileHeader];
  let at = fileHeader.length;
  for (const record of records) {
    for (let from = 0, isFirst = true; isFirst || from < record.length; isFirst = false) {
      let left = blockBytes - (at % blockBytes);
      if (left < headerBytes) {
        parts.push(Buffer.alloc(left));
        at += left;
        left = blockBytes;
      }
      const data = record.subarray(from, from + left - headerBytes);
      from += data.length;
      const isLast = from === record.length;
      const piece = chunk(isFirst ? (isLast ? 1 : 2) : isLast ? 4 : 3, data);
      parts.push(piece);
      at += piece.length;
    }
  }
  return Buffer.concat(parts);
}

/** One chunk: checksum, length, type, data. */
export function chunk(type: number, data: Uint8Array): Buffer {
  const whole = Buffer.concat([Buffer.alloc(headerBytes), data]);
  whole.writeUInt16LE(data.length, 4);
  whole[6] = type;
  whole.writeUInt32LE(crc32(whole.subarray(6)), 0);
  return whole;
}

/** How an item names its key: W&B's own writer uses `nested`, the Python writers used `key`. */
export type KeyStyle = 'nested' | 'key';

export const item = (name: string | readonly string[], json: string, style: KeyStyle = 'nested'): Buffer => {
  const path = typeof name === 'string' ? [name] : name;
  const key = style === 'key' ? [bytes(1, path.join('.'))] : path.map((part) => bytes(2, part));
  return Buffer.concat([...key, bytes(16, json)]);
};

/** History items of the values, and of step and time. Values are JSON texts, or numbers. */
export function history(
  step: number,
  values: { readonly [key: string]: string | number },
  { style = 'nested', time = 1000 + step }: { style?: KeyStyle; time?: number } = {},
): Buffer {
  const all = { ...values, _step: step, _timestamp: time };
  const items = Object.entries(all).map(([key, value]) => message(1, item(key.split('|'), String(value), style)));
  return record(2, ...items, message(2, ...(step === 0 ? [] : [int(1, step)])));
}

let number = 0;

/** A Record with one content, by the field's number in wandb_internal.proto. */
export const record = (field: number, ...parts: readonly Uint8Array[]): Buffer =>
  Buffer.concat([int(1, ++number), message(field, ...parts)]);

export const timestamp = (field: number, seconds: number): Buffer =>
  message(field, int(1, Math.floor(seconds)), int(2, Math.round((seconds % 1) * 1e9)));

export const runRecord = (id: string, ...rest: readonly Uint8Array[]): Buffer =>
  record(17, bytes(1, id), bytes(3, 'project'), timestamp(17, 1000), ...rest);

export const configItems = (values: { readonly [key: string]: string }): Buffer =>
  Buffer.concat(Object.entries(values).map(([key, json]) => message(1, item(key, json, 'key'))));

export const summaryRecord = (
  values: { readonly [key: string]: string | number },
  style: KeyStyle = 'nested',
): Buffer =>
  record(3, ...Object.entries(values).map(([key, json]) => message(1, item(key.split('|'), String(json), style))));

export const stats = (time: number, values: { readonly [key: string]: string | number }): Buffer =>
  record(
    7,
    timestamp(2, time),
    ...Object.entries(values).map(([key, json]) => message(3, bytes(1, key), bytes(16, String(json)))),
  );

export const output = (time: number, line: string): Buffer => record(13, int(1, 1), timestamp(2, time), bytes(3, line));
export const exit = (code: number, runtime = 5): Buffer => record(18, int(1, code), int(2, runtime));

export const runFolderName = 'run-20260101_101112-abcd1234';
export const logName = 'run-abcd1234.wandb';

export const wandbRunAt = (folder: string): FoundRun => ({ source: 'wandb', path: folder, root: folder, name: 'run' });

/** A run's folder with a log and whatever else; gives its path. */
export function writeRun(
  parent: string,
  log: Uint8Array | undefined,
  files: { readonly [name: string]: string } = {},
  name = runFolderName,
): string {
  const folder = path.join(parent, 'wandb', name);
  mkdirSync(path.join(folder, 'files'), { recursive: true });
  if (log !== undefined) writeFileSync(path.join(folder, logName), log);
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), content);
  }
  return folder;
}
