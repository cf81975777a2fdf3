import path from 'node:path';
import { crc32c } from '../../base/crc32c.ts';
import type { MediaRecord, ReaderProblem, ScalarBatch } from '../../domain/records.ts';
import { type OpenFile, open, readdir, stat } from '../files/disk.ts';
import { givePiece, takePiece } from '../files/spareMemory.ts';
import { EventCollector, type LogFacts } from './collector.ts';
import { emptyLogCursor, type FileCursor, type LogCursor, meaningsOf } from './cursor.ts';
import { EventFileScan, scanBytes } from './eventFile.ts';
import { hostInName, isEventFile, orderEventFiles } from './names.ts';

export interface LogPoll {
  readonly cursor: LogCursor;
  readonly reset: boolean;
  readonly more: boolean;
  readonly facts: LogFacts;
  readonly scalars: readonly ScalarBatch[];
  readonly media: readonly MediaRecord[];
  readonly problems: readonly ReaderProblem[];
  /** Name of the machine that wrote the first file, as the file's name has it. */
  readonly host: string | undefined;
  /** Latest modification of the log's files in seconds; undefined where there is no file. */
  readonly modifiedAt: number | undefined;
}

/** A file of the log as it is now. */
interface FileState {
  readonly name: string;
  readonly inode: string;
  readonly size: number;
  readonly modifiedAt: number;
}

const headBytes = 64;

/**
 * The event files of one folder, read in the order of their names as one log: a restarted run adds a file. Every poll begins with what the files
 * are now; a file that shrank, vanished or was written anew makes all that was read void.
 */
export class EventLog {
  readonly #folder: string;
  readonly #only: string | undefined;
  readonly #bufferSize: number | undefined;
  /** Files that held nothing more when they were last looked at, with how they were then. */
  readonly #exhausted = new Map<string, string>();

  /** How many rows of each tag the last poll brought, for the columns of the next one. */
  #expected: ReadonlyMap<string, number> = new Map();

  /** `only` reads one file of the folder. `bufferSize` is for tests. */
  constructor(folder: string, { only, bufferSize }: { only?: string; bufferSize?: number } = {}) {
    this.#folder = folder;
    this.#only = only;
    this.#bufferSize = bufferSize;
  }

  /** Reads on from a cursor (undefined: from the start), at most about `maxBytes`. Rejects only when the folder cannot be listed. `lent`: see PollBudget. */
  async poll(from: LogCursor | undefined, maxBytes: number, lent = false): Promise<LogPoll> {
    const files = await this.#listFiles();
    const problems: ReaderProblem[] = [];
    const handles = new Map<string, OpenFile>();
    try {
      const reset = from !== undefined && (await this.#isVoid(from, files, handles, problems));
      const cursor = from === undefined || reset ? emptyLogCursor : from;
      const collector = new EventCollector(cursor.facts, meaningsOf(cursor), this.#expected);
      const positions: Record<string, FileCursor> = structuredClone(cursor.files);
      const more = await this.#readFiles(files, positions, collector, maxBytes, handles, problems);
      const rows = collector.takeRows(lent);
      this.#expected = more ? new Map(rows.scalars.map(({ tag, values }) => [tag, values.length])) : new Map();
      const facts = collector.facts;
      const next: LogCursor = { files: positions, meanings: meaningsIn(collector), facts };
      return {
        cursor: next,
        reset,
        more,
        facts,
        ...rows,
        problems: limit(problems),
        host: hostOf(files),
        modifiedAt: latest(files),
      };
    } finally {
      await Promise.all([...handles.values()].map((handle) => handle.close()));
    }
  }

  async #listFiles(): Promise<FileState[]> {
    const names = this.#only === undefined ? (await readdir(this.#folder)).filter(isEventFile) : [this.#only];
    const states = await Promise.all(orderEventFiles(names).map((name) => this.#state(name)));
    return states.filter((state) => state !== undefined);
  }

  async #state(name: string): Promise<FileState | undefined> {
    try {
      const found = await stat(path.join(this.#folder, name));
      if (!found.isFile()) return undefined;
      return { name, inode: String(found.ino), size: Number(found.size), modifiedAt: Number(found.mtimeNs) / 1e9 };
    } catch {
      // It vanished between the listing and now, or is a link that leads nowhere.
      return undefined;
    }
  }

  async #isVoid(
    from: LogCursor,
    files: readonly FileState[],
    handles: Map<string, OpenFile>,
    problems: ReaderProblem[],
  ): Promise<boolean> {
    const now = new Map(files.map((file) => [file.name, file]));
    for (const [name, known] of Object.entries(from.files)) {
      const file = now.get(name);
      if (file === undefined || file.inode !== known.inode || file.size < known.offset) return true;
      // A file that did not grow is not opened: its head was compared when it last changed.
      if (file.size === known.offset) continue;
      const handle = await this.#open(name, handles, problems);
      if (handle === undefined) continue;
      if ((await headOf(handle, known.headLength)).headCrc !== known.headCrc) return true;
    }
    return false;
  }

  async #readFiles(
    files: readonly FileState[],
    positions: Record<string, FileCursor>,
    collector: EventCollector,
    maxBytes: number,
    handles: Map<string, OpenFile>,
    problems: ReaderProblem[],
  ): Promise<boolean> {
    let left = maxBytes;
    for (const file of files) {
      if (!this.#mayHaveMore(file, positions[file.name])) continue;
      if (left <= 0) return true;
      const handle = await this.#open(file.name, handles, problems);
      if (handle === undefined) continue;
      const position = await this.#position(file, positions[file.name], handle);
      positions[file.name] = position;
      const size = scanBytes(this.#bufferSize ?? file.size - position.offset);
      const piece = takePiece(size);
      const buffer = new Uint8Array(piece, 0, size);
      const scan = new EventFileScan({ name: file.name, handle, size: file.size }, position, collector, buffer);
      const budgetEnded = await scan.run(left);
      givePiece(piece);
      problems.push(...scan.problems);
      left -= scan.bytesRead;
      if (budgetEnded) return true;
      this.#exhausted.set(file.name, lookOf(file, position));
    }
    return false;
  }

  /** A crashed run's file may end within a record for ever; it is not opened again and again for that. */
  #mayHaveMore(file: FileState, position: FileCursor | undefined): boolean {
    if (file.size === 0 || file.size === position?.offset) return false;
    return position === undefined || this.#exhausted.get(file.name) !== lookOf(file, position);
  }

  /** The position of a file, with as much of its head as there is by now. */
  async #position(file: FileState, known: FileCursor | undefined, handle: OpenFile): Promise<FileCursor> {
    if (known !== undefined && known.headLength >= headBytes) return known;
    const head = await headOf(handle, Math.min(headBytes, file.size));
    return known === undefined ? { inode: file.inode, offset: 0, ...head } : Object.assign(known, head);
  }

  async #open(name: string, handles: Map<string, OpenFile>, problems: ReaderProblem[]): Promise<OpenFile | undefined> {
    const opened = handles.get(name);
    if (opened !== undefined) return opened;
    try {
      const handle = await open(path.join(this.#folder, name));
      handles.set(name, handle);
      return handle;
    } catch (error) {
      problems.push({ file: name, message: `The file cannot be read: ${(error as Error).message}` });
      return undefined;
    }
  }
}

function hostOf(files: readonly FileState[]): string | undefined {
  return files.map(({ name }) => hostInName(name)).find((host) => host !== undefined);
}

async function headOf(handle: OpenFile, length: number): Promise<{ headLength: number; headCrc: number }> {
  const head = new Uint8Array(length);
  const { bytesRead } = await handle.read(head, 0, length, 0);
  return { headLength: bytesRead, headCrc: crc32c(head, 0, bytesRead) };
}

function lookOf({ inode, size, modifiedAt }: FileState, { offset }: FileCursor): string {
  return `${inode}:${size}:${modifiedAt}:${offset}`;
}

function meaningsIn(collector: EventCollector): LogCursor['meanings'] {
  const known = collector.tags.all.filter(({ meaning }) => meaning !== undefined);
  return Object.fromEntries(known.map(({ tag, meaning }) => [tag, [meaning!.plugin, meaning!.dataClass] as const]));
}

function latest(files: readonly FileState[]): number | undefined {
  return files.length === 0 ? undefined : Math.max(...files.map((file) => file.modifiedAt));
}

const mostProblems = 50;

/** A file that is damaged everywhere must not fill memory with sentences. */
function limit(problems: readonly ReaderProblem[]): readonly ReaderProblem[] {
  if (problems.length <= mostProblems) return problems;
  const last = problems[mostProblems]!;
  return [
    ...problems.slice(0, mostProblems),
    { file: last.file, message: `There are ${problems.length - mostProblems} more problems like these.` },
  ];
}
