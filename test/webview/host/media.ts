import { readFileSync } from 'node:fs';
import path from 'node:path';
import { contentMimes } from '../../../src/domain/mediaContent.ts';
import type { MediaSpec } from './scenario.ts';

type Place = Pick<MediaSpec, 'tag' | 'step'> & Partial<Pick<MediaSpec, 'index' | 'caption'>>;

/** A text as it is logged. */
export function text(place: Place, body: string, mime = 'text/markdown'): MediaSpec {
  return { ...place, kind: 'text', mime, base64: Buffer.from(body).toString('base64') };
}

export function page(place: Place, body: string): MediaSpec {
  return { ...place, kind: 'html', mime: 'text/html', base64: Buffer.from(body).toString('base64') };
}

export function table(place: Place, columns: readonly string[], rows: readonly (readonly unknown[])[]): MediaSpec {
  return { ...place, kind: 'table', mime: contentMimes.table, base64: tree({ columns, rows, totalRows: rows.length }) };
}

/** The histogram of a normal distribution with exponentially growing bins, as TensorFlow's first histograms have them. */
export function histogram(place: Place, mean: number, deviation: number, values = 10_000): MediaSpec {
  const limits: number[] = [];
  for (let limit = 1e-3; limit < 20; limit *= 1.25) limits.push(limit);
  const edges = [...limits.map((limit) => -limit).reverse(), 0, ...limits];
  const counts = edges
    .slice(1)
    .map((right, i) =>
      Math.round(values * (normalBelow(right, mean, deviation) - normalBelow(edges[i]!, mean, deviation))),
    );
  return { ...place, kind: 'histogram', mime: contentMimes.histogram, base64: tree({ edges, counts }) };
}

/** A precision-recall curve that is the better the larger `skill` (0 … 1) is. */
export function curve(place: Place, skill: number): MediaSpec {
  const recall = Array.from({ length: 41 }, (_, i) => i / 40);
  const precision = recall.map((value) => 1 - (1 - skill) * value ** (1 + 3 * skill));
  const thresholds = recall.map((value) => 1 - value);
  return { ...place, kind: 'curve', mime: contentMimes.curve, base64: tree({ precision, recall, thresholds }) };
}

/** A tone of half a second as 16-bit PCM (http://soundfile.sapp.org/doc/WaveFormat/). */
export function tone(place: Place, hertz: number): MediaSpec {
  const rate = 8000;
  const samples = rate / 2;
  const bytes = Buffer.alloc(44 + 2 * samples);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(36 + 2 * samples, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(rate, 24);
  bytes.writeUInt32LE(2 * rate, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(2 * samples, 40);
  for (let i = 0; i < samples; i++)
    bytes.writeInt16LE(Math.round(8000 * Math.sin((2 * Math.PI * hertz * i) / rate)), 44 + 2 * i);
  return { ...place, kind: 'audio', mime: 'audio/wav', base64: bytes.toString('base64') };
}

/** A film of a second: red, then blue (`test/fixtures/films`). */
export function film(place: Place): MediaSpec {
  const file = path.resolve(import.meta.dirname, '../../fixtures/films/moving-square.webm');
  return { ...place, kind: 'video', mime: 'video/webm', base64: readFileSync(file).toString('base64') };
}

/** A film as an animated GIF of one pixel: black, then white, for ever (https://www.w3.org/Graphics/GIF/spec-gif89a.txt). */
export function gif(place: Place): MediaSpec {
  const header = [...Buffer.from('GIF89a'), 1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 255, 255, 255];
  const forever = [0x21, 0xff, 11, ...Buffer.from('NETSCAPE2.0'), 3, 1, 0, 0, 0];
  const frame = (pixel: number) => [
    ...[0x21, 0xf9, 4, 0, 10, 0, 0, 0],
    ...[0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0],
    // LZW with codes of three bits: clear, the pixel, end.
    ...[2, 2, 0x44 | (pixel << 3), 1, 0],
  ];
  const bytes = Buffer.from([...header, ...forever, ...frame(0), ...frame(1), 0x3b]);
  return { ...place, kind: 'video', mime: 'image/gif', base64: bytes.toString('base64') };
}

function tree(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64');
}

/** Share of a normal distribution below a value, by the logistic approximation. */
function normalBelow(value: number, mean: number, deviation: number): number {
  return 1 / (1 + Math.exp((-1.702 * (value - mean)) / deviation));
}
