import type { MediaRecord } from '../../domain/records.ts';
import type { SeriesKind } from '../../domain/run.ts';
import { trackerMimes } from '../media/mimes.ts';
import type { SummaryValue } from './event.ts';
import type { Tensor } from './tensor.ts';
import type { Range, WireReader } from './wire.ts';

/** Where a value that is no scalar stands: its tag and time, the file, and the file's offset of the buffer that it was read from. */
export interface MediaContext {
  readonly tag: string;
  readonly step: number;
  readonly wallTime: number;
  readonly file: string;
  readonly bufferOffset: number;
}

/** An image of TensorBoard's first format: Summary.Image holds height (1), width (2) and the encoded file (4). */
export function readImageV1(reader: WireReader, context: MediaContext): MediaRecord {
  let width = 0;
  let height = 0;
  let encoded: Range = { start: 0, end: 0 };
  while (reader.more) {
    const key = reader.key();
    if (key === 0x08) height = reader.varint();
    else if (key === 0x10) width = reader.varint();
    else if (key === 0x22) encoded = reader.range();
    else reader.skip(key);
  }
  return image(reader, encoded, 0, size(width, height), context);
}

/** A clip of the first format: Summary.Audio holds the encoded file (4) and its type (5). */
export function readAudioV1(reader: WireReader, context: MediaContext): MediaRecord {
  let mime = 'audio/wav';
  let encoded: Range = { start: 0, end: 0 };
  while (reader.more) {
    const key = reader.key();
    if (key === 0x22) encoded = reader.range();
    else if (key === 0x2a) mime = reader.text(reader.range());
    else reader.skip(key);
  }
  return record('audio', mime, encoded, 0, context);
}

/** A histogram of the first format, as the range of its message. */
export function histogramV1(place: Range, context: MediaContext): MediaRecord {
  return record('histogram', trackerMimes.histogramProto, place, 0, context);
}

/** How the tensor of a plugin is listed. The keys are plugin names of the second format. */
const tensorReaders: {
  readonly [plugin: string]: (
    reader: WireReader,
    tensor: Tensor,
    place: Range,
    context: MediaContext,
  ) => readonly MediaRecord[];
} = {
  images: (reader, tensor, _place, context) => {
    // Strings: width, height, then one encoded image each (tensorboard/plugins/image/summary_v2.py).
    const [width, height, ...images] = tensor.strings;
    const dimensions = size(toNumber(reader, width), toNumber(reader, height));
    return images.map((place, index) => image(reader, place, index, dimensions, context));
  },
  text: (_reader, tensor, _place, context) =>
    tensor.strings.map((text, index) => record('text', 'text/markdown', text, index, context)),
  audio: (_reader, tensor, _place, context) => {
    // A k × 2 tensor of clips and their labels, or a list of clips where labels were left out (tensorboard/plugins/audio/summary_v2.py).
    const stride = tensor.shape.length === 2 && tensor.shape[1] === 2 ? 2 : 1;
    const clips = tensor.strings.filter((_, index) => index % stride === 0);
    return clips.map((clip, index) => record('audio', 'audio/wav', clip, index, context));
  },
  pr_curves: (_reader, _tensor, place, context) => [record('curve', trackerMimes.tensor, place, 0, context)],
  histograms: (_reader, _tensor, place, context) => [record('histogram', trackerMimes.tensor, place, 0, context)],
};

/** The records of a tensor that is no scalar. One of a plugin that is not known here is listed as `other`. */
export function readTensorMedia(
  reader: WireReader,
  plugin: string,
  tensor: Tensor,
  place: Range,
  context: MediaContext,
): readonly MediaRecord[] {
  const read = Object.hasOwn(tensorReaders, plugin) ? tensorReaders[plugin] : undefined;
  return read?.(reader, tensor, place, context) ?? [record('other', trackerMimes.tensor, place, 0, context)];
}

/** Whether the value is of a form that can be listed at all: hparams stand in metadata alone. */
export function hasContent(value: SummaryValue): boolean {
  return [value.simpleValue, value.image, value.histogram, value.audio, value.tensor].some(
    (form) => form !== undefined,
  );
}

function record(kind: SeriesKind, mime: string, place: Range, index: number, context: MediaContext): MediaRecord {
  const { tag, step, wallTime, file, bufferOffset } = context;
  const length = place.end - place.start;
  return {
    tag,
    kind,
    step,
    wallTime,
    index,
    mime,
    place: { at: 'range', file, offset: bufferOffset + place.start, length },
  };
}

type Size = { width?: number; height?: number };

/** A picture; its own header knows its size better than what was logged beside it. */
function image(reader: WireReader, place: Range, index: number, logged: Size, context: MediaContext): MediaRecord {
  const mime = sniffImage(reader.bytes, place);
  return {
    ...record('image', mime, place, index, context),
    ...logged,
    ...(mime === 'image/png' ? pngSize(reader, place) : {}),
  };
}

/** Width and height stand in the IHDR chunk, which comes first (PNG, RFC 2083 §4.1.1). */
function pngSize({ bytes, view }: WireReader, { start, end }: Range): Size {
  const hasHeader = end - start >= 24 && view.getUint32(start + 12) === 0x49484452 && bytes[start] === 0x89;
  return hasHeader ? size(view.getUint32(start + 16), view.getUint32(start + 20)) : {};
}

function size(width: number, height: number): Size {
  return width > 0 && height > 0 ? { width, height } : {};
}

function toNumber(reader: WireReader, range: Range | undefined): number {
  const value = range === undefined || range.end - range.start > 12 ? 0 : Number(reader.text(range));
  return Number.isSafeInteger(value) ? value : 0;
}

/** First bytes of the picture formats that loggers write. */
const imageSignatures: readonly { readonly mime: string; readonly at: number; readonly bytes: readonly number[] }[] = [
  { mime: 'image/png', at: 0, bytes: [0x89, 0x50, 0x4e, 0x47] },
  { mime: 'image/jpeg', at: 0, bytes: [0xff, 0xd8, 0xff] },
  { mime: 'image/gif', at: 0, bytes: [0x47, 0x49, 0x46, 0x38] },
  { mime: 'image/webp', at: 8, bytes: [0x57, 0x45, 0x42, 0x50] },
  { mime: 'image/bmp', at: 0, bytes: [0x42, 0x4d] },
];

function sniffImage(bytes: Uint8Array, { start, end }: Range): string {
  const found = imageSignatures.find(
    ({ at, bytes: wanted }) =>
      end - start >= at + wanted.length && wanted.every((byte, index) => bytes[start + at + index] === byte),
  );
  return found?.mime ?? 'application/octet-stream';
}
