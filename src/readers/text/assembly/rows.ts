import {
  cut,
  done,
  finishRow,
  full,
  hasRoom,
  headerAgain,
  put,
  putTextCell,
  stop,
  undo,
  undoTexts,
  wider,
} from './columns.ts';
import { decimal, isDecided, readDecimal } from './decimal.ts';

const lineFeed: u32 = 10;
const carriageReturn: u32 = 13;
const space: u32 = 32;
const quote: u32 = 34;

// Of the table that is read.
let delimiter: u32 = 0;
let columns: u32 = 0;
let headerByte: u32 = 0;
let noHeaderAt: usize = 0;
let textEnd: usize = 0;
/** Set by `readCells` where the row cannot be taken. */
let refusal: u32 = done;

/**
 * Takes the rows that begin in [start, last); no byte from `end` on belongs to the text, and a line feed stands there. `first` is the first byte of the header's
 * first name (0 where there is none): a row whose first cell begins so, or with a quote, is left to the host, unless it begins at `known`.
 */
export function scanRows(
  start: usize,
  last: usize,
  end: usize,
  isSettled: bool,
  separator: u32,
  width: u32,
  first: u32,
  known: usize,
): usize {
  delimiter = separator;
  columns = width;
  headerByte = first;
  noHeaderAt = known;
  textEnd = end;
  let at = start;
  while (at < last) {
    if (!hasRoom(width)) return stop(full, at);
    let next = at;
    // Zeros are holes that a crash or a network disk left behind.
    while (load<u8>(next) === 0 && next < end) next++;
    if (!isLineEnd(next)) {
      next = readCells(next, at);
      if (refusal === done && next >= end && !isSettled) refusal = cut;
      if (refusal !== done) {
        giveUp();
        return stop(refusal, at);
      }
      finishRow();
    }
    at = behindLine(next);
  }
  return stop(done, at);
}

/** Takes the cells from `start` on and gives back where the last one ends. */
function readCells(start: usize, rowStart: usize): usize {
  refusal = done;
  let at = start;
  let column: u32 = 0;
  while (true) {
    let byte = load<u8>(at) as u32;
    while (byte === space) byte = load<u8>(++at) as u32;
    if (!isCellEnd(byte)) {
      if (column >= columns) {
        refusal = wider;
        return at;
      }
      at = readCell(at, column, rowStart);
      if (refusal !== done) return at;
      byte = load<u8>(at) as u32;
    }
    if (byte !== delimiter) return at;
    at++;
    column++;
  }
}

function readCell(at: usize, column: u32, rowStart: usize): usize {
  const next = readDecimal(at);
  if (next !== at && isDecided && isCellEnd(load<u8>(next) as u32)) {
    put(column, decimal);
    return next;
  }
  const behind = endOfText(at);
  if (behind === 0) {
    refusal = cut;
    return at;
  }
  const byte = load<u8>(at) as u32;
  if (column === 0 && rowStart !== noHeaderAt && headerByte !== 0 && (byte === headerByte || byte === quote)) {
    refusal = headerAgain;
    return at;
  }
  putTextCell(column, at, behind);
  return behind;
}

/** Where a cell that is no number ends: at a delimiter or line end outside quotes (RFC 4180). 0 where the quotes do not end. */
function endOfText(start: usize): usize {
  let at = start;
  if ((load<u8>(at) as u32) === quote) {
    at = endOfQuotes(at + 1);
    if (at === 0) return 0;
  }
  for (; at < textEnd; at++) {
    const byte = load<u8>(at) as u32;
    if (byte === delimiter || byte === lineFeed) break;
    if (byte === carriageReturn && (load<u8>(at + 1) as u32) === lineFeed) break;
  }
  return at;
}

function endOfQuotes(start: usize): usize {
  for (let at = start; at < textEnd; at++) {
    if ((load<u8>(at) as u32) !== quote) continue;
    if (at + 1 >= textEnd || (load<u8>(at + 1) as u32) !== quote) return at + 1;
    at++;
  }
  return 0;
}

function isCellEnd(byte: u32): bool {
  return byte === delimiter || byte === lineFeed || byte === carriageReturn;
}

function isLineEnd(at: usize): bool {
  const byte = load<u8>(at) as u32;
  return byte === lineFeed || (byte === carriageReturn && (load<u8>(at + 1) as u32) === lineFeed);
}

function behindLine(at: usize): usize {
  return (load<u8>(at) as u32) === carriageReturn && (load<u8>(at + 1) as u32) === lineFeed ? at + 2 : at + 1;
}

function giveUp(): void {
  for (let column: u32 = 0; column < columns; column++) undo(column);
  undoTexts();
}
