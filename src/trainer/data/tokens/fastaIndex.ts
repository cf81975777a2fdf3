import type { Hash } from 'node:crypto';
import path from 'node:path';
import { badData, spaced } from '../files/badData.ts';
import { readThrough } from '../files/byteStream.ts';
import { GrowingNumbers } from '../files/growingNumbers.ts';
import type { RandomBytes } from '../files/randomBytes.ts';
import { checkpointEvery, type FastaPlan, letterKinds, letters } from './fasta.ts';

/** A sequence and its known parts: runs of unknown bases of at least `shortestGap` lie between them. */
export interface IndexedSequence<Plan> {
  readonly plan: Plan;
  readonly parts: readonly { readonly start: number; readonly end: number }[];
}

/** Shorter runs of N stay inside of examples, as unknown tokens without weight. */
export const shortestGap = 64;

const newline = 10;
const headerSign = 62;
const longestHeader = 64 * 1024;

/**
 * Goes through a FASTA file once and finds its sequences, named by the first word of their header. Empty sequences are left out.
 * Format: Pearson and Lipman, PNAS 85(8), 1988, as the NCBI describes it. Throws AppError 'bad-data' with the offset of what is no base.
 */
export async function indexFasta(file: RandomBytes, hash: Hash): Promise<readonly IndexedSequence<FastaPlan>[]> {
  const scan = new FastaScan(file.path);
  await readThrough(file, hash, (bytes, offset) => scan.visit(bytes, offset));
  return scan.finish(file.size);
}

class FastaScan {
  readonly #file: string;
  readonly #found: IndexedSequence<FastaPlan>[] = [];
  #header: number[] | undefined;
  #atLineStart = true;
  #current: OpenSequence | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  visit(bytes: Uint8Array, offset: number): void {
    let i = 0;
    while (i < bytes.length) {
      if (this.#header !== undefined) i = this.#readHeader(bytes, i);
      else if (this.#atLineStart && bytes[i] === headerSign) {
        this.#close(offset + i);
        this.#header = [];
        i++;
      } else i = this.#readLine(bytes, i, offset);
    }
  }

  finish(size: number): readonly IndexedSequence<FastaPlan>[] {
    this.#close(size);
    return this.#found;
  }

  /** Reads to behind the header's line, or to the end of the bytes. */
  #readHeader(bytes: Uint8Array, from: number): number {
    const end = bytes.indexOf(newline, from);
    const until = end === -1 ? bytes.length : end;
    const room = longestHeader - this.#header!.length;
    this.#header!.push(...bytes.subarray(from, Math.min(until, from + room)));
    if (end === -1) return until;
    const [name = ''] = Buffer.from(this.#header!).toString('utf8').trim().split(/\s/);
    this.#current = new OpenSequence(name === '' ? `sequence ${this.#found.length + 1}` : name);
    this.#header = undefined;
    this.#atLineStart = true;
    return end + 1;
  }

  /** Reads to behind the next line end, or to the end of the bytes. */
  #readLine(bytes: Uint8Array, from: number, offset: number): number {
    const end = bytes.indexOf(newline, from);
    const until = end === -1 ? bytes.length : end;
    const wrong = (this.#current ?? noSequence).add(bytes, from, until, offset);
    if (wrong !== undefined) throw this.#refuse(bytes[wrong]!, offset + wrong);
    this.#atLineStart = end !== -1;
    return end === -1 ? until : end + 1;
  }

  #close(offset: number): void {
    const closed = this.#current?.close(this.#file, offset);
    if (closed !== undefined) this.#found.push(closed);
    this.#current = undefined;
  }

  #refuse(byte: number, offset: number): Error {
    const label = path.basename(this.#file);
    const at = `at byte ${spaced(offset)}`;
    if (this.#current === undefined) {
      const hint = 'A FASTA file has a line that begins with > before each sequence.';
      return badData(`${label} is no FASTA file: there is no ">" before what stands ${at}.`, {
        file: this.#file,
        hint,
      });
    }
    const what = byte > 32 && byte < 127 ? `"${String.fromCharCode(byte)}"` : `the byte ${byte}`;
    const hint = 'Bases are A, C, G, T and U, in either case; N and the other letters of IUPAC are unknown ones.';
    return badData(`${label} has ${what} ${at}, which is no base.`, { file: this.#file, hint });
  }
}

/** Before the first header only blank lines may stand. */
const noSequence = {
  add(bytes: Uint8Array, from: number, until: number): number | undefined {
    for (let i = from; i < until; i++) if (letters[bytes[i]!] !== letterKinds.blank) return i;
    return undefined;
  },
};

class OpenSequence {
  readonly #name: string;
  readonly #checkpoints = new GrowingNumbers();
  readonly #parts: { start: number; end: number }[] = [];
  #length = 0;
  #partStart = 0;
  /** Where the run of unknown bases began, or -1. */
  #unknownFrom = -1;

  constructor(name: string) {
    this.#name = name;
  }

  /** Takes the letters of a line; gives the index of one that is no base. */
  add(bytes: Uint8Array, from: number, until: number, offset: number): number | undefined {
    for (let i = from; i < until; i++) {
      const kind = letters[bytes[i]!]!;
      if (kind === letterKinds.other) return i;
      if (kind === letterKinds.blank) continue;
      if (this.#length % checkpointEvery === 0) this.#checkpoints.push(offset + i);
      if (kind === letterKinds.unknown) {
        if (this.#unknownFrom < 0) this.#unknownFrom = this.#length;
      } else if (this.#unknownFrom >= 0) this.#endUnknown();
      this.#length++;
    }
    return undefined;
  }

  close(file: string, offset: number): IndexedSequence<FastaPlan> | undefined {
    if (this.#length === 0) return undefined;
    this.#checkpoints.push(offset);
    const isOpen = this.#unknownFrom >= 0 && this.#length - this.#unknownFrom >= shortestGap;
    this.#addPart(isOpen ? this.#unknownFrom : this.#length);
    const plan = { kind: 'fasta', file, name: this.#name, length: this.#length } as const;
    return { plan: { ...plan, checkpoints: this.#checkpoints.values() }, parts: this.#parts };
  }

  #endUnknown(): void {
    if (this.#length - this.#unknownFrom >= shortestGap) {
      this.#addPart(this.#unknownFrom);
      this.#partStart = this.#length;
    }
    this.#unknownFrom = -1;
  }

  #addPart(end: number): void {
    if (end > this.#partStart) this.#parts.push({ start: this.#partStart, end });
  }
}
