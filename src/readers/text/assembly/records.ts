import { done, finishRow, full, hasRoom, put, putText, row, stop, undo, undoTexts, unknown } from './columns.ts';
import { decimal, isDecided, readDecimal } from './decimal.ts';

const lineFeed: u32 = 10;
const space: u32 = 32;
const quote: u32 = 34;
const minus: u32 = 45;
const letterI: u32 = 73;
const letterN: u32 = 78;
const letterF: u32 = 102;
const lowerN: u32 = 110;
const letterT: u32 = 116;
const backslash: u32 = 92;

/** What stands behind the text of a part. The host has the same numbers. */
const endOfRecord: u32 = 0;
const number: u32 = 1;
const plainText: u32 = 2;
const timeText: u32 = 3;

/** A part of a shape: where its text stands, how long that is, what follows it and in which column, each u32. */
const partSize: usize = 16;

/** Texts of a time that are longer are none. */
const longestTime: usize = 40;
/** Texts that mean NaN or an infinity are no longer than this. */
const longestWord: usize = 9;

/**
 * Takes records that follow one another in [start, end), as long as each has one of the shapes: the same texts, byte for byte, around its values. The shapes
 * are a list of u32, each the place of its parts. Behind `end` stands a line feed. Which shape a row has is kept in a byte per row.
 */
export function scanRecords(start: usize, end: usize, shapes: usize, count: u32, shapeOfRow: usize): usize {
  const firstRow = row;
  let shape: u32 = 0;
  let at = start;
  while (true) {
    while (at < end && (load<u8>(at) as u32) <= space) at++;
    if (at >= end) return stop(done, at);
    if (!hasRoom(8)) return stop(full, at);
    let next: usize = 0;
    for (let tries: u32 = 0; tries < count; tries++) {
      next = matchRecord(load<u32>(shapes + shape * 4), at, end);
      if (next !== 0) break;
      shape = shape + 1 < count ? shape + 1 : 0;
    }
    if (next === 0) return stop(unknown, at);
    store<u8>(shapeOfRow + (row - firstRow), shape as u8);
    finishRow();
    at = next;
  }
}

/** Takes the record at `start` and gives back where it ends; 0 where it has not this shape. */
function matchRecord(parts: usize, start: usize, end: usize): usize {
  let at = start;
  for (let part = parts; ; part += partSize) {
    at = passSame(at, load<u32>(part), load<u32>(part + 4));
    if (at === 0) break;
    const kind = load<u32>(part + 8);
    if (kind === endOfRecord) {
      if (at <= end) return at;
      break;
    }
    at = kind === number ? readNumber(at, load<u32>(part + 12)) : readText(at, kind, load<u32>(part + 12), end);
    if (at === 0) break;
  }
  for (let part = parts; load<u32>(part + 8) !== endOfRecord; part += partSize) {
    if (load<u32>(part + 8) === number) undo(load<u32>(part + 12));
  }
  undoTexts();
  return 0;
}

/** Behind bytes that are those at `text`; 0 where they are others. */
function passSame(start: usize, text: usize, length: usize): usize {
  let at = start;
  let same = text;
  let left = length;
  for (; left >= 8; left -= 8) {
    if (load<u64>(at) !== load<u64>(same)) return 0;
    at += 8;
    same += 8;
  }
  if (left === 0) return at;
  const others = (load<u64>(at) ^ load<u64>(same)) << (64 - left * 8);
  return others === 0 ? at + left : 0;
}

/** Takes a number, NaN or an infinity, or passes null, true and false; 0 where there is none of them. What follows is the next part's to say. */
function readNumber(at: usize, column: u32): usize {
  const byte = load<u8>(at) as u32;
  if (byte > 57) return readWord(at, byte, column);
  if (byte < minus) return 0;
  const next = readDecimal(at);
  if (next === at) return byte === minus ? readInfinity(at + 1, column, -Infinity) : 0;
  if (!isDecided) return 0;
  put(column, decimal);
  return next;
}

function readWord(at: usize, byte: u32, column: u32): usize {
  const four = load<u32>(at);
  if (byte === letterN) {
    // "NaN"
    if ((four & 0xffffff) !== 0x4e614e) return 0;
    put(column, NaN);
    return at + 3;
  }
  if (byte === letterI) return readInfinity(at, column, Infinity);
  // "null", "true", "false"
  if ((byte === lowerN && four === 0x6c6c756e) || (byte === letterT && four === 0x65757274)) return at + 4;
  return byte === letterF && load<u32>(at + 1) === 0x65736c61 ? at + 5 : 0;
}

/** "Infinity" */
function readInfinity(at: usize, column: u32, value: f64): usize {
  if (load<u64>(at) !== 0x7974696e69666e49) return 0;
  put(column, value);
  return at + 8;
}

/** Passes a text in quotes, and keeps it where it may be a time. 0 where there is none, or one that is a number in quotes. */
function readText(at: usize, kind: u32, column: u32, end: usize): usize {
  if ((load<u8>(at) as u32) !== quote) return 0;
  const start = at + 1;
  let next = start;
  for (; next < end; next++) {
    const byte = load<u8>(next) as u32;
    if (byte === quote) break;
    if (byte === backslash) next++;
    else if (byte === lineFeed) return 0;
  }
  if (next >= end) return 0;
  const length = next - start;
  if (kind === timeText) {
    if (length <= longestTime) putText(column, 0, start, next);
  } else if (kind === plainText && length <= longestWord && isWord(start, length)) return 0;
  return next + 1;
}

/** Whether a text is NaN or an infinity, in any letters. */
function isWord(start: usize, length: usize): bool {
  const sign = load<u8>(start) as u32;
  const at = sign === minus || sign === 43 ? start + 1 : start;
  const left = length - (at - start);
  const three = (load<u32>(at) | 0x202020) & 0xffffff;
  if (left === 3) return three === 0x6e616e || three === 0x666e69;
  return left === 8 && (load<u64>(at) | 0x2020202020202020) === 0x7974696e69666e69;
}
