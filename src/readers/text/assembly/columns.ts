/** Why a scan came to its end. The host has the same numbers. */
export const done: u32 = 0;
/** There is no room for another row. */
export const full: u32 = 1;
/** The bytes end before the record does. */
export const cut: u32 = 2;
/** The row has more cells than there are columns. */
export const wider: u32 = 3;
/** The row may be the header once more. */
export const headerAgain: u32 = 4;
/** The record has another shape than those that are known. */
export const unknown: u32 = 5;

/** Why the last scan ended. */
export let reason: u32 = 0;
/** The row that comes next. */
export let row: u32 = 0;
/** How many texts there are. */
export let texts: u32 = 0;

let valuesAt: usize = 0;
let rowsAt: usize = 0;
let countsAt: usize = 0;
let textsAt: usize = 0;
let capacity: u32 = 0;
let mostTexts: u32 = 0;
let lastRow: u32 = 0;

/** An entry of the list of texts: row, column, place in the column, where it begins and where it ends, each u32. */
const textSize: usize = 20;

/**
 * Says where columns go: for each of `columns` a float64 per value, the u32 of its row, and the u32 of how many there are, which all become zero. Rows
 * are counted from `firstRow`.
 */
export function begin(
  values: usize,
  rows: usize,
  counts: usize,
  textList: usize,
  columns: u32,
  rowsOfRoom: u32,
  textsOfRoom: u32,
  firstRow: u32,
): void {
  valuesAt = values;
  rowsAt = rows;
  countsAt = counts;
  textsAt = textList;
  capacity = rowsOfRoom;
  mostTexts = textsOfRoom;
  row = firstRow;
  lastRow = firstRow + rowsOfRoom;
  texts = 0;
  memory.fill(counts, 0, columns * 4);
}

/** Whether another row with so many texts has room. */
export function hasRoom(textsOfRow: u32): bool {
  return row < lastRow && texts + textsOfRow <= mostTexts;
}

/** Adds a value of the row to a column. */
export function put(column: u32, value: f64): void {
  const countAt = countsAt + column * 4;
  const count = load<u32>(countAt);
  const slot = column * capacity + count;
  store<f64>(valuesAt + slot * 8, value);
  store<u32>(rowsAt + slot * 4, row);
  store<u32>(countAt, count + 1);
}

/** Adds a cell that the host has to read, and keeps a place for its value. */
export function putTextCell(column: u32, start: usize, stop: usize): void {
  const place = load<u32>(countsAt + column * 4);
  put(column, 0);
  putText(column, place, start, stop);
}

/** Adds a text that the host has to read. */
export function putText(column: u32, place: u32, start: usize, stop: usize): void {
  const at = textsAt + (texts as usize) * textSize;
  store<u32>(at, row);
  store<u32>(at + 4, column);
  store<u32>(at + 8, place);
  store<u32>(at + 12, start as u32);
  store<u32>(at + 16, stop as u32);
  texts++;
}

/** Takes back what a row that does not count put into a column. */
export function undo(column: u32): void {
  const countAt = countsAt + column * 4;
  const count = load<u32>(countAt);
  if (count > 0 && load<u32>(rowsAt + (column * capacity + count - 1) * 4) === row) store<u32>(countAt, count - 1);
}

/** Takes back the texts of the row. */
export function undoTexts(): void {
  while (texts > 0 && load<u32>(textsAt + ((texts - 1) as usize) * textSize) === row) texts--;
}

export function finishRow(): void {
  row++;
}

/** Notes why the scan ends and gives back where. */
export function stop(why: u32, at: usize): usize {
  reason = why;
  return at;
}
