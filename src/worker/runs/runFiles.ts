import { open, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../../base/errors.ts';
import type { FoundRun, MediaRecord } from '../../domain/records.ts';
import { isLinked, readLinks } from '../../readers/trainyard/links.ts';
import { isInside } from './folders.ts';

const maxMediaBytes = 100_000_000;
const maxLogBytes = 4_000_000;
/** The longest UTF-8 sequence. */
const maxCharacterBytes = 4;

/**
 * The bytes of an image, text… of a run. Throws `not-found` where they are gone, and `bad-file` where the file lies outside the places that the run is
 * read from, by its name or through a link.
 */
export async function readMedia(found: FoundRun, { place, tag, step }: MediaRecord): Promise<Uint8Array> {
  if (place.at === 'inline') return new TextEncoder().encode(place.text);
  const base = place.base ?? (await folderOf(found.path));
  const file = path.resolve(base, place.file);
  if (!(await isOwnFile(found, base, file)))
    throw new AppError('bad-file', `${place.file} lies outside the run's directory.`);
  const size = await sizeOf(file);
  if (size === undefined)
    throw new AppError('not-found', `${tag} of step ${step} is gone: there is no file ${file}.`, {
      hint: 'Refresh the list of runs.',
    });
  // A piece of a log is in a file that the reader itself found, wherever a link took it; names within a log are anybody's.
  if (place.at === 'file' && !(await staysInside(file, base)))
    throw new AppError('bad-file', `${place.file} leads out of the run's directory.`);
  const from = place.at === 'range' ? place.offset : 0;
  const length = place.at === 'range' ? place.length : size;
  if (length > maxMediaBytes || from + length > size)
    throw new AppError('bad-file', `${tag} of step ${step} cannot be read from ${file}: it is cut or too large.`);
  return readBytes(file, from, length);
}

/** Whether a file lies, by its name, in a place that the run is read from. Beside a database are the media that its tool keeps there. */
async function isOwnFile(found: FoundRun, base: string, file: string): Promise<boolean> {
  if (!isInside(file, base)) return false;
  for (const { path: place } of [found, ...(found.parts ?? [])]) if (isInside(file, await folderOf(place))) return true;
  return found.source === 'trainyard' && isLinked(file, await readLinks(found.path));
}

async function staysInside(file: string, base: string): Promise<boolean> {
  const [real, realBase] = await Promise.all([realpath(file), realpath(base)]);
  return isInside(real, realBase);
}

/** The folder that a place is, or lies in. */
async function folderOf(place: string): Promise<string> {
  return stat(place).then(
    (facts) => (facts.isDirectory() ? place : path.dirname(place)),
    () => place,
  );
}

/** A piece of a log; `next` is the byte behind it. */
export interface LogPiece {
  readonly text: string;
  readonly next: number;
  readonly size: number;
}

/**
 * A piece of a text file from byte `from` on, or so many bytes before the end where `from` is negative. It is cut between characters, so pieces
 * read one after the other (`next` of one is `from` of the next) give the whole text. A file that is not there has size 0.
 */
export async function readLogFile(file: string, from: number, maxBytes: number): Promise<LogPiece> {
  const size = (await sizeOf(file)) ?? 0;
  return readLogPiece(size, (start, length) => readBytes(file, start, length), from, maxBytes);
}

/** The same of a text of that many bytes, wherever they are. */
export async function readLogPiece(
  size: number,
  read: (from: number, length: number) => Promise<Uint8Array> | Uint8Array,
  from: number,
  maxBytes: number,
): Promise<LogPiece> {
  const wanted = from < 0 ? Math.max(0, size + from) : from;
  // A log that is shorter than before was replaced: it is read from its start.
  const start = wanted > size ? 0 : wanted;
  const length = Math.min(size - start, Math.max(maxCharacterBytes, Math.min(maxBytes, maxLogBytes)));
  if (length <= 0) return { text: '', next: start, size };
  const bytes = await read(start, length);
  const first = from < 0 && start > 0 ? characterStart(bytes) : 0;
  const end = first + wholeCharacters(bytes.subarray(first));
  return { text: new TextDecoder().decode(bytes.subarray(first, end)), next: start + end, size };
}

/** Size of a file, or undefined where there is none. */
export async function sizeOf(file: string): Promise<number | undefined> {
  return stat(file).then(
    (facts) => facts.size,
    () => undefined,
  );
}

async function readBytes(file: string, from: number, length: number): Promise<Uint8Array> {
  const handle = await open(file, 'r');
  try {
    const bytes = new Uint8Array(length);
    let read = 0;
    while (read < length) {
      const { bytesRead } = await handle.read(bytes, read, length - read, from + read);
      if (bytesRead === 0) break;
      read += bytesRead;
    }
    return bytes.subarray(0, read);
  } finally {
    await handle.close();
  }
}

function characterStart(bytes: Uint8Array): number {
  let at = 0;
  while (at < Math.min(bytes.length, maxCharacterBytes) && isContinuation(bytes[at]!)) at++;
  return at;
}

/** How many of the bytes are whole characters: a sequence that is cut at the end is left for the next piece. */
function wholeCharacters(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(maxCharacterBytes, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (isContinuation(byte)) continue;
    return sequenceLength(byte) > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

function sequenceLength(lead: number): number {
  if (lead >= 0xf0 && lead < 0xf8) return 4;
  if (lead >= 0xe0) return lead < 0xf0 ? 3 : 1;
  return lead >= 0xc0 ? 2 : 1;
}
