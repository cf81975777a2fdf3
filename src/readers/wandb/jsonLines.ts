import type { JsonObject } from '../../domain/json.ts';
import type { ReaderProblem } from '../../domain/records.ts';
import { type OpenFile, readFully } from '../files/disk.ts';
import { isObject, parseJson } from './json.ts';
import type { LogFile, LogPosition } from './logFile.ts';

const pieceBytes = 256 * 1024;
/** A line above this is passed unread: it is no row. */
const longestLine = 64 * 1024 * 1024;
const newline = 0x0a;

export interface LinesRead {
  readonly bytes: number;
  /** The budget ended before the whole lines of the file did. */
  readonly more: boolean;
  readonly problems: readonly ReaderProblem[];
}

/** Reads the whole lines of a file of JSON objects from a position, which moves with them; a last line without its end waits. */
export async function readJsonLines(
  { name, handle, size }: LogFile,
  position: LogPosition,
  budget: number,
  take: (object: JsonObject) => void,
): Promise<LinesRead> {
  const problems: ReaderProblem[] = [];
  const start = position.offset;
  for (let wanted = pieceBytes; position.offset < size; ) {
    if (position.offset - start >= budget) return { bytes: position.offset - start, more: true, problems };
    const bytes = await readPiece(handle, position.offset, Math.min(wanted, size - position.offset));
    const end = bytes.lastIndexOf(newline) + 1;
    if (end === 0) {
      if (bytes.length < wanted || wanted >= longestLine) break;
      wanted *= 4;
      continue;
    }
    for (let from = 0; from < end; ) {
      const to = bytes.indexOf(newline, from);
      const value = parseJson(bytes, from, to);
      if (isObject(value)) take(value);
      else if (to > from)
        problems.push({
          file: name,
          offset: position.offset + from,
          message: 'This line holds no JSON object, so it was not used.',
        });
      from = to + 1;
    }
    position.offset += end;
    wanted = pieceBytes;
  }
  return { bytes: position.offset - start, more: false, problems };
}

async function readPiece(file: Pick<OpenFile, 'read'>, from: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  return bytes.subarray(0, await readFully(file, bytes, from));
}
