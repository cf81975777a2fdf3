import path from 'node:path';
import type { FoundRun, PollResult, ReaderCursor, ReaderProblem, RunFacts } from '../../domain/records.ts';
import { changedFacts } from '../files/changedFacts.ts';
import { readdir } from '../files/disk.ts';
import type { PollBudget, RunReader } from '../format.ts';
import { LogCollector } from './collector.ts';
import { emptyCursor, type FileCursor, type RunCursor, readCursor, writeCursor } from './cursor.ts';
import { runFacts } from './facts.ts';
import { type FileState, growingCursor, isReplaced, stateOf, withFile } from './growingFile.ts';
import { LogScan } from './logFile.ts';
import { logOf, sideFileNames } from './names.ts';
import { SideFiles } from './sideFiles.ts';
import type { LogState } from './state.ts';

/** Reads a run's folder: the transaction log, and the files around it. */
export class WandbReader implements RunReader {
  readonly #folder: string;
  readonly #side: SideFiles;
  readonly #now: () => number;
  #log: string | undefined;
  #told: RunFacts = {};
  /** How the log was when it held nothing more, so that a run that was killed within a record is not opened again and again. */
  #exhausted = '';

  /** The collector of a log of which there is more to read, with the place where it stands: it knows the keys already. */
  #live: (FileCursor & { readonly collector: LogCollector }) | undefined;

  /** `log` names the transaction log where it is not the folder's own. `isAlone`: the files around it belong to nobody knows which log. */
  constructor(run: FoundRun, options: { log?: string; isAlone?: boolean; now?: () => number } = {}) {
    const { log, isAlone = false, now = () => Date.now() / 1000 } = options;
    this.#log = log;
    this.#folder = run.path;
    // Below a file there is nothing.
    this.#side = new SideFiles(isAlone ? path.join(run.path, log ?? '') : run.path, sideFileNames);
    this.#now = now;
  }

  async poll(cursor: ReaderCursor | undefined, budget: PollBudget): Promise<PollResult> {
    const known = readCursor(cursor);
    this.#log ??= await this.#findLog();
    const file = this.#log === undefined ? undefined : await stateOf(this.#folder, this.#log);
    const isVoid = known !== undefined && (await this.#isVoid(known, file));
    const read = await this.#read(known === undefined || isVoid ? emptyCursor : known, file, budget);
    const reset = isVoid || (cursor !== undefined && known === undefined);
    const isNew = cursor === undefined || reset;
    // Within a long log, the facts are those that were told, until its end is there.
    const facts = read.more && !isNew ? {} : await this.#changedFacts(read.cursor.state, file, isNew);
    return { ...read, cursor: writeCursor(read.cursor), reset, facts };
  }

  async #changedFacts(state: LogState, file: FileState | undefined, isNew: boolean): Promise<RunFacts> {
    const { modifiedAt: logModifiedAt } = file ?? {};
    const now = this.#now();
    const facts = await runFacts({ folder: this.#folder, log: this.#log, logModifiedAt, state, side: this.#side, now });
    // Who starts anew knows no facts either.
    const changed = changedFacts(isNew ? {} : this.#told, facts);
    this.#told = facts;
    return changed;
  }

  dispose(): void {
    // Files are open only while a poll runs.
  }

  /** Its folder may be listed before the log is there. */
  async #findLog(): Promise<string | undefined> {
    const names = await readdir(this.#folder).catch(() => []);
    return logOf(path.basename(this.#folder), names);
  }

  async #isVoid({ files }: RunCursor, file: FileState | undefined): Promise<boolean> {
    const entries = Object.entries(files);
    if (entries.some(([name]) => name !== this.#log)) return true;
    const known = entries[0]?.[1];
    return known !== undefined && (await isReplaced(this.#folder, file, known));
  }

  #collectorAt({ inode, offset }: FileCursor, state: LogState, name: string): LogCollector {
    const live = this.#live;
    return live?.inode === inode && live.offset === offset ? live.collector : new LogCollector(state, name);
  }

  async #read(from: RunCursor, file: FileState | undefined, budget: PollBudget): Promise<LogReading> {
    const known = file === undefined ? undefined : from.files[file.name];
    if (file === undefined || file.size === 0 || file.size === known?.offset || this.#exhausted === lookOf(file, known))
      return { cursor: from, more: false, scalars: [], media: [], problems: [] };
    try {
      return await withFile(this.#folder, file.name, async (handle) => {
        const position = await growingCursor(handle, file, known);
        const collector = this.#collectorAt(position, from.state, file.name);
        const log = { name: file.name, handle, size: file.size };
        const scan = new LogScan(log, position, collector.take, collector);
        const more = await scan.run(budget.maxBytes);
        if (!more) this.#exhausted = lookOf(file, position);
        this.#live = more ? { ...position, collector } : undefined;
        const cursor = { files: { [file.name]: position }, state: collector.state };
        return { cursor, more, ...collector.takeRows(budget.lent), problems: scan.problems };
      });
    } catch (error) {
      const message = `The file cannot be read: ${(error as Error).message}`;
      return { cursor: from, more: false, scalars: [], media: [], problems: [{ file: file.name, message }] };
    }
  }
}

interface LogReading extends Pick<PollResult, 'more' | 'scalars' | 'media'> {
  readonly cursor: RunCursor;
  readonly problems: readonly ReaderProblem[];
}

function lookOf({ inode, size, modifiedAt }: FileState, position: FileCursor | undefined): string {
  return `${inode}:${size}:${modifiedAt}:${position?.offset ?? 0}`;
}
