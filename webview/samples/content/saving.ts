import {
  type CurveContent,
  contentMimes,
  type HistogramContent,
  type TableContent,
} from '../../../src/domain/mediaContent.ts';
import type { MediaRecord } from '../../../src/domain/records.ts';
import { type Content, treeOf } from './contentStore.ts';

export interface FileToSave {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A value as a file for other programs: tables, histograms and curves as CSV, everything else as it is. */
export function fileOf(runName: string, record: MediaRecord, content: Content): FileToSave {
  const name = `${runName}-${record.tag}-step-${record.step}`.replace(/[\\/:*?"<>|\s]+/g, '-');
  const rows = rowMakers[content.mime]?.(content);
  if (rows === undefined) return { name: `${name}.${endingOf(record, content.mime)}`, bytes: content.bytes };
  return { name: `${name}.csv`, bytes: new TextEncoder().encode(csv(rows)) };
}

type Rows = readonly (readonly unknown[])[];

const rowMakers: { readonly [mime: string]: ((content: Content) => Rows) | undefined } = {
  [contentMimes.table]: (content) => {
    const { columns, rows } = treeOf<TableContent>(content);
    return [columns, ...rows];
  },
  [contentMimes.histogram]: (content) => {
    const { edges, counts } = treeOf<HistogramContent>(content);
    return [['left', 'right', 'count'], ...counts.map((count, i) => [edges[i], edges[i + 1], count])];
  },
  [contentMimes.curve]: (content) => {
    const { thresholds, precision, recall } = treeOf<CurveContent>(content);
    return [['threshold', 'precision', 'recall'], ...precision.map((value, i) => [thresholds[i], value, recall[i]])];
  },
};

/** RFC 4180. */
function csv(rows: Rows): string {
  return rows.map((row) => `${row.map(field).join(',')}\r\n`).join('');
}

function field(value: unknown): string {
  const text =
    value === null || value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const endings: { readonly [mime: string]: string } = {
  'text/html': 'html',
  'text/plain': 'txt',
  'text/markdown': 'md',
  'application/json': 'json',
  'audio/wav': 'wav',
  'audio/x-wav': 'wav',
  'audio/mpeg': 'mp3',
  'audio/ogg': 'ogg',
  'audio/flac': 'flac',
  'video/mp4': 'mp4',
  'video/webm': 'webm',
  'image/gif': 'gif',
};

function endingOf({ place }: MediaRecord, mime: string): string {
  const known = endings[mime.split(';')[0]!.trim()];
  if (known !== undefined) return known;
  const own = place.at === 'file' ? /\.([A-Za-z0-9]{1,8})$/.exec(place.file)?.[1] : undefined;
  return own ?? 'bin';
}
