import type { Hash } from 'node:crypto';
import path from 'node:path';
import { badData, spaced } from '../files/badData.ts';
import { readThrough } from '../files/byteStream.ts';
import type { RandomBytes } from '../files/randomBytes.ts';
import { type IndexedSequence, shortestGap } from './fastaIndex.ts';
import type { Runs, TwoBitPlan } from './twoBit.ts';

const signature = 0x1a412743;
const headerSize = 16;

/**
 * Finds the sequences of a 2bit file, of either byte order, and of version 0 or 1 (offsets of 64 bits). Format: UCSC Genome Browser, data file formats,
 * "twoBit files". Throws AppError 'bad-data' with the offset of what is wrong.
 */
export async function indexTwoBit(file: RandomBytes, hash: Hash): Promise<readonly IndexedSequence<TwoBitPlan>[]> {
  const sequences = new TwoBitFile(file).sequences();
  await readThrough(file, hash, () => {});
  return sequences;
}

class TwoBitFile {
  readonly #file: RandomBytes;
  readonly #littleEndian: boolean;
  readonly #wideOffsets: boolean;
  readonly #count: number;

  constructor(file: RandomBytes) {
    this.#file = file;
    const header = this.#read(0, headerSize, 'its header');
    this.#littleEndian = header.getUint32(0, true) === signature;
    if (!this.#littleEndian && header.getUint32(0) !== signature) {
      throw badData(`${this.#label} is no 2bit file: it does not begin with its signature.`, { file: file.path });
    }
    const version = header.getUint32(4, this.#littleEndian);
    if (version > 1) {
      throw badData(`${this.#label} is a 2bit file of version ${version}; only 0 and 1 are known.`, {
        file: file.path,
      });
    }
    this.#wideOffsets = version === 1;
    this.#count = header.getUint32(8, this.#littleEndian);
  }

  sequences(): readonly IndexedSequence<TwoBitPlan>[] {
    const found: IndexedSequence<TwoBitPlan>[] = [];
    let at = headerSize;
    for (let i = 0; i < this.#count; i++) {
      const what = `entry ${i + 1} of its index`;
      const nameLength = this.#read(at, 1, what).getUint8(0);
      const offsetSize = this.#wideOffsets ? 8 : 4;
      const entry = this.#read(at + 1, nameLength + offsetSize, what);
      const name = Buffer.from(entry.buffer, entry.byteOffset, nameLength).toString('latin1');
      const offset = this.#wideOffsets
        ? Number(entry.getBigUint64(nameLength, this.#littleEndian))
        : entry.getUint32(nameLength, this.#littleEndian);
      const sequence = this.#sequence(name, offset);
      if (sequence.plan.length > 0) found.push(sequence);
      at += 1 + nameLength + offsetSize;
    }
    return found;
  }

  /** The record: size, runs of N, runs of lower case, a reserved word, packed bases. */
  #sequence(name: string, start: number): IndexedSequence<TwoBitPlan> {
    const length = this.#word(start, name);
    const unknown = this.#runs(start + 4, length, name);
    const masked = this.#runs(unknown.next, length, name);
    const offset = masked.next + 4;
    const end = offset + Math.ceil(length / 4);
    if (end > this.#file.size) throw this.#cut(`the bases of ${name}`, end);
    const plan = { kind: 'twoBit', file: this.#file.path, name, length, offset } as const;
    return {
      plan: { ...plan, unknown: unknown.runs, masked: masked.runs },
      parts: knownParts(unknown.runs, length),
    };
  }

  #runs(at: number, length: number, name: string): { readonly runs: Runs; readonly next: number } {
    const count = this.#word(at, name);
    const next = at + 4 + 8 * count;
    if (next > this.#file.size) throw this.#cut(`the runs of ${name}`, next);
    const words = this.#read(at + 4, 8 * count, `the runs of ${name}`);
    const starts = Uint32Array.from({ length: count }, (_, i) => words.getUint32(4 * i, this.#littleEndian));
    const ends = starts.map((start, i) => start + words.getUint32(4 * (count + i), this.#littleEndian));
    const isOrdered = starts.every(
      (start, i) => start <= ends[i]! && ends[i]! <= length && (i === 0 || ends[i - 1]! <= start),
    );
    if (isOrdered) return { runs: { starts, ends }, next };
    throw badData(
      `${this.#label} has runs of ${name} at byte ${spaced(at)} that do not lie within it in their order.`,
      {
        file: this.#file.path,
      },
    );
  }

  #word(at: number, name: string): number {
    return this.#read(at, 4, `the record of ${name}`).getUint32(0, this.#littleEndian);
  }

  #read(offset: number, length: number, what: string): DataView {
    if (offset + length > this.#file.size) throw this.#cut(what, offset + length);
    const bytes = this.#file.read(offset, length);
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  #cut(what: string, needed: number): Error {
    return badData(`${this.#label} is cut: ${what} needs ${spaced(needed)} bytes, ${spaced(this.#file.size)} found.`, {
      file: this.#file.path,
    });
  }

  get #label(): string {
    return path.basename(this.#file.path);
  }
}

function knownParts({ starts, ends }: Runs, length: number): { readonly start: number; readonly end: number }[] {
  const parts: { start: number; end: number }[] = [];
  let from = 0;
  const add = (end: number) => {
    if (end > from) parts.push({ start: from, end });
  };
  starts.forEach((start, i) => {
    if (ends[i]! - start < shortestGap) return;
    add(start);
    from = ends[i]!;
  });
  add(length);
  return parts;
}
