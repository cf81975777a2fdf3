import { createReadStream } from 'node:fs';
import path from 'node:path';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { fail, ok, type Result } from '../../../base/result.ts';
import { isLfsPointer, lfsSentence } from '../../../readers/files/lfsPointer.ts';
import { isPacked } from '../../../trainer/data/files/randomBytes.ts';

/** What parts text into lines. `add` and `end` may throw what is wrong with the text. */
export interface TakesText {
  readonly add: (text: string) => void;
  readonly end: (text: string) => void;
}

/** Enough for a line of names of tens of thousands of columns. */
const mostBytes = 4 * 1024 * 1024;
const pieceBytes = 64 * 1024;

/**
 * The first `count` lines of a file of text, packed by gzip where its name says so; fewer where it has no more. It is read piece by piece until they are there. Fails where the first line does not end within
 * the first megabytes, or is no text. Throws what the parts throw.
 */
export async function firstLines(
  file: string,
  count: number,
  parts: (take: (line: string) => void) => TakesText,
): Promise<Result<readonly string[]>> {
  const lines: string[] = [];
  const taker = parts((line) => lines.push(line));
  const decoder = new TextDecoder('utf-8');
  let size = 0;
  for await (const piece of open(file)) {
    const bytes = piece as Buffer;
    if (size === 0 && isLfsPointer(bytes)) return fail('unfinished', `${path.basename(file)}: ${lfsSentence}.`);
    // A byte of zero stands in no text; it does in almost every other file, and in UTF-16.
    if (bytes.includes(0)) return fail('bad-data', `${path.basename(file)} is no text in UTF-8.`);
    size += bytes.length;
    taker.add(decoder.decode(bytes, { stream: true }));
    if (lines.length >= count) return ok(lines.slice(0, count));
    if (size >= mostBytes) return lines.length > 0 ? ok(lines) : fail('bad-data', tooLong(file));
  }
  taker.end(decoder.decode());
  return ok(lines.slice(0, count));
}

/** Leaving a loop over it closes the file. */
function open(file: string): Readable {
  const raw = createReadStream(file, { highWaterMark: pieceBytes });
  // What goes wrong in either comes out of the loop over the second one.
  return isPacked(file) ? pipeline(raw, createGunzip({ chunkSize: pieceBytes }), () => undefined) : raw;
}

function tooLong(file: string): string {
  return `The first line of ${path.basename(file)} is longer than ${mostBytes / 1024 / 1024} MB.`;
}
