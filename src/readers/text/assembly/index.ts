/** What the host may call. The bytes of this program are ../kernelBytes.ts, which `npm run kernel` writes. */
export { begin, reason, row, texts } from './columns.ts';
export { decimal, isDecided, readDecimal } from './decimal.ts';
export { scanRecords } from './records.ts';
export { scanRows } from './rows.ts';
