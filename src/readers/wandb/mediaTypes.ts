import type { SeriesKind } from '../../domain/run.ts';

/** Kinds by the `_type` of a value that lies in one file, without its end "-file" (sdk/data_types/*.py, `_log_type`). Others are listed. */
export const kindOfType: { readonly [type: string]: SeriesKind } = {
  image: 'image',
  audio: 'audio',
  video: 'video',
  html: 'html',
  table: 'table',
  'incremental-table': 'table',
};

/** The type by the end of a file's name; `.table.json` is a table whatever else ends in `.json`. */
export function mimeOfFile(file: string): string {
  const name = file.toLowerCase();
  const found = Object.keys(mimes).find((end) => name.endsWith(end));
  return found === undefined ? 'application/octet-stream' : mimes[found]!;
}

const mimes: { readonly [end: string]: string } = {
  '.plotly.json': 'application/vnd.plotly.v1+json',
  '.json': 'application/json',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.bmp': 'image/bmp',
  '.webp': 'image/webp',
  '.svg': 'image/svg+xml',
  '.wav': 'audio/wav',
  '.mp3': 'audio/mpeg',
  '.flac': 'audio/flac',
  '.ogg': 'audio/ogg',
  '.mp4': 'video/mp4',
  '.webm': 'video/webm',
  '.html': 'text/html',
  '.txt': 'text/plain',
};
