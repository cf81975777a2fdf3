import path from 'node:path';
import type { MediaRecord } from '../../domain/records.ts';
import type { SeriesKind } from '../../domain/run.ts';
import { trackerMimes } from '../media/mimes.ts';

/** Which row a value stands in. */
export interface RowPlace {
  readonly step: number;
  readonly wallTime: number;
}

/** An object with `_type`, as Trackio writes media, tables and histograms (trackio/media/media.py, table.py, histogram.py, markdown.py). */
export interface TypedValue {
  readonly _type: string;
  readonly [key: string]: unknown;
}

export function isTypedValue(value: object): value is TypedValue {
  return typeof (value as { _type?: unknown })._type === 'string';
}

const fileKinds: { readonly [type: string]: SeriesKind } = {
  'trackio.image': 'image',
  'trackio.video': 'video',
  'trackio.audio': 'audio',
  'trackio.html': 'html',
  'trackio.object3d': 'other',
};

const mimes: { readonly [ending: string]: string } = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.bmp': 'image/bmp',
  '.mp4': 'video/mp4',
  '.webm': 'video/webm',
  '.wav': 'audio/wav',
  '.mp3': 'audio/mpeg',
  '.flac': 'audio/flac',
  '.ogg': 'audio/ogg',
  '.html': 'text/html',
  '.glb': 'model/gltf-binary',
  '.obj': 'model/obj',
};

/** The record of a value with a type; undefined where it names a file outside the folder of media. */
export function mediaOf(
  tag: string,
  value: TypedValue,
  index: number,
  { step, wallTime }: RowPlace,
): MediaRecord | undefined {
  const { _type: type, file_path: filePath, caption, _value: content } = value;
  const about = { tag, step, wallTime, index, ...(typeof caption === 'string' ? { caption } : {}) };
  if (type === 'trackio.table')
    return {
      ...about,
      kind: 'table',
      mime: trackerMimes.recordTable,
      place: { at: 'inline', text: JSON.stringify(value) },
    };
  if (type === 'trackio.histogram')
    return {
      ...about,
      kind: 'histogram',
      mime: trackerMimes.trackioHistogram,
      place: { at: 'inline', text: JSON.stringify(value) },
    };
  if (typeof filePath === 'string') {
    const file = mediaFile(filePath);
    if (file === undefined) return undefined;
    const kind = Object.hasOwn(fileKinds, type) ? fileKinds[type]! : 'other';
    return {
      ...about,
      kind,
      mime: mimes[path.posix.extname(file).toLowerCase()] ?? 'application/octet-stream',
      place: { at: 'file', file },
    };
  }
  if (typeof content === 'string')
    return { ...about, kind: 'text', mime: 'text/markdown', place: { at: 'inline', text: content } };
  return { ...about, kind: 'other', mime: 'application/json', place: { at: 'inline', text: JSON.stringify(value) } };
}

/** The file relative to the database's folder: paths are relative to `media`, and with `\` where Windows wrote them. */
function mediaFile(filePath: string): string | undefined {
  const file = path.posix.normalize(filePath.replaceAll('\\', '/'));
  return file.startsWith('../') || file === '..' || path.posix.isAbsolute(file) || /^[a-z]:/i.test(file)
    ? undefined
    : `media/${file}`;
}
