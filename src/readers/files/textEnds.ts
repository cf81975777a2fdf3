import type { WallTimeSeconds } from '../../domain/ids.ts';
import { type OpenFile, open, readFully, stat } from './disk.ts';

/** What a text file begins and ends with. Nothing between was read. */
export interface TextEnds {
  readonly head: string;
  /** Whole lines where the file is longer than what was read; the last one may be unfinished. */
  readonly tail: string;
  readonly size: number;
  readonly inode: string;
  readonly modifiedAt: WallTimeSeconds;
  /** When the file was made, where the file system keeps that and the file was not copied here afterwards; else its modification. */
  readonly bornAt: WallTimeSeconds;
  /** It was seen to grow since it was first looked at. */
  readonly grew: boolean;
}

export interface EndSizes {
  readonly head: number;
  readonly tail: number;
}

const usualSizes: EndSizes = { head: 4 * 1024, tail: 64 * 1024 };

/**
 * Reads both ends of a text file, at most so many bytes of each; undefined where it cannot be read. Bytes that are no UTF-8 become replacement
 * characters. `before` is what an earlier look at the file gave.
 */
export async function readTextEnds(
  file: string,
  sizes: EndSizes = usualSizes,
  before?: TextEnds,
): Promise<TextEnds | undefined> {
  let handle: OpenFile | undefined;
  try {
    const facts = await stat(file);
    if (!facts.isFile()) return undefined;
    handle = await open(file);
    const size = Number(facts.size);
    const modifiedAt = Number(facts.mtimeNs) / 1e9;
    const made = Number(facts.birthtimeNs) / 1e9;
    const from = Math.max(0, size - sizes.tail);
    const tail = await readPiece(handle, from, size - from);
    const head = from === 0 ? tail.subarray(0, sizes.head) : await readPiece(handle, 0, sizes.head);
    return {
      head: decoder.decode(head),
      tail: wholeLines(decoder.decode(tail), from > 0),
      size,
      inode: String(facts.ino),
      grew: before?.inode === String(facts.ino) && (before.grew || before.size < size),
      modifiedAt,
      bornAt: made > 0 && made < modifiedAt ? made : modifiedAt,
    };
  } catch {
    return undefined;
  } finally {
    await handle?.close();
  }
}

/** A file whose last write is so much later than its making was written bit by bit, not copied. */
const copySeconds = 5;

/** Whether a program wrote to a file while it was there. The time of a file that was copied or checked out a moment ago is no evidence of that. */
export function wasWrittenHere({ grew, bornAt, modifiedAt }: TextEnds): boolean {
  return grew || modifiedAt - bornAt > copySeconds;
}

/** Lines of a console's text: a carriage return begins a progress bar's line anew, which counts as a line of its own. */
export function consoleLines(text: string): string[] {
  return text.split(/\r\n|\n|\r/);
}

const decoder = new TextDecoder();

async function readPiece(file: OpenFile, from: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  return bytes.subarray(0, await readFully(file, bytes, from));
}

function wholeLines(text: string, isCut: boolean): string {
  if (!isCut) return text;
  const first = /[\r\n]/.exec(text);
  return first === null ? text : text.slice(first.index + 1);
}
