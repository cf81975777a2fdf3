import type { JsonObject } from '../../domain/json.ts';
import type { FoundRun, PollResult, ReaderCursor, ReaderProblem, RunFacts } from '../../domain/records.ts';
import { changedFacts } from '../files/changedFacts.ts';
import type { PollBudget, RunReader } from '../format.ts';
import { emptyCursor, type FileCursor, type RunCursor, readCursor, writeCursor } from './cursor.ts';
import { runFacts } from './facts.ts';
import { type FileState, growingCursor, isReplaced, stateOf, withFile } from './growingFile.ts';
import { History } from './history.ts';
import { asNumber } from './json.ts';
import { readJsonLines } from './jsonLines.ts';
import { oldLogs, oldSideFileNames } from './names.ts';
import { SideFiles } from './sideFiles.ts';
import type { LogState } from './state.ts';
import { SystemFigures } from './systemFigures.ts';

/**
 * Reads a run of a version before 0.10, which has no transaction log: rows and figures of the machine are lines of JSON (wandb 0.9, history.py and
 * jsonlfile.py), and wandb-metadata.json tells how the run ended (run_manager.py).
 */
export class OldWandbReader implements RunReader {
  readonly #folder: string;
  readonly #side: SideFiles;
  readonly #now: () => number;
  #told: RunFacts = {};

  constructor(run: FoundRun, { now = () => Date.now() / 1000 }: { now?: () => number } = {}) {
    this.#folder = run.path;
    this.#side = new SideFiles(run.path, oldSideFileNames);
    this.#now = now;
  }

  async poll(cursor: ReaderCursor | undefined, { maxBytes }: PollBudget): Promise<PollResult> {
    const known = readCursor(cursor);
    const files = await Promise.all(Object.values(oldLogs).map((name) => stateOf(this.#folder, name)));
    const isVoid = known !== undefined && (await this.#isVoid(known, files));
    const rows = new OldRows(known === undefined || isVoid ? emptyCursor.state : known.state);
    const positions: { [name: string]: FileCursor } = known === undefined || isVoid ? {} : { ...known.files };
    const problems: ReaderProblem[] = [];
    let left = maxBytes;
    let more = false;
    for (const file of files) {
      const isRead = file === undefined || file.size === 0 || file.size === positions[file.name]?.offset;
      if (isRead) continue;
      more ||= left <= 0;
      if (more) break;
      const read = await this.#read(file, positions, rows, left);
      problems.push(...read.problems);
      left -= read.bytes;
      more = read.more;
    }
    const state = rows.state;
    const facts = await this.#facts(state, files);
    const reset = isVoid || (cursor !== undefined && known === undefined);
    const changed = changedFacts(cursor === undefined || reset ? {} : this.#told, facts);
    this.#told = facts;
    return {
      cursor: writeCursor({ files: positions, state }),
      reset,
      more,
      facts: changed,
      ...rows.takeRows(),
      problems,
    };
  }

  dispose(): void {
    // Files are open only while a poll runs.
  }

  async #isVoid(known: RunCursor, files: readonly (FileState | undefined)[]): Promise<boolean> {
    for (const [name, position] of Object.entries(known.files)) {
      const file = files.find((state) => state?.name === name);
      if (await isReplaced(this.#folder, file, position)) return true;
    }
    return false;
  }

  async #read(
    file: FileState,
    positions: { [name: string]: FileCursor },
    rows: OldRows,
    budget: number,
  ): Promise<{ bytes: number; more: boolean; problems: readonly ReaderProblem[] }> {
    try {
      return await withFile(this.#folder, file.name, async (handle) => {
        const position = await growingCursor(handle, file, positions[file.name]);
        positions[file.name] = position;
        const take = file.name === oldLogs.history ? rows.takeRow : rows.takeEvent;
        return readJsonLines({ name: file.name, handle, size: file.size }, position, budget, take);
      });
    } catch (error) {
      const message = `The file cannot be read: ${(error as Error).message}`;
      return { bytes: 0, more: false, problems: [{ file: file.name, message }] };
    }
  }

  async #facts(state: LogState, files: readonly (FileState | undefined)[]): Promise<RunFacts> {
    const metadata = await this.#side.metadata();
    const { exitCode, heartbeatAt } = metadata ?? {};
    const lastTime = Math.max(state.lastTime ?? 0, heartbeatAt ?? 0);
    const times = files.flatMap((file) => (file === undefined ? [] : [file.modifiedAt]));
    return runFacts({
      folder: this.#folder,
      log: undefined,
      logModifiedAt: times.length === 0 ? undefined : Math.max(...times),
      state: {
        ...state,
        lastTime: lastTime > 0 ? lastTime : null,
        exit: exitCode === undefined ? null : { code: exitCode, runtime: 0 },
      },
      side: this.#side,
      now: this.#now(),
    });
  }
}

/** Sorts lines into columns and media. */
class OldRows {
  readonly #state: LogState;
  readonly #history: History;
  readonly #figures: SystemFigures;
  #firstTime: number;
  #lastTime: number;

  constructor(state: LogState) {
    this.#state = state;
    this.#figures = new SystemFigures(state.system, state.likeSystem);
    this.#history = new History(state.position, { log: '', below: '' }, (name) => this.#figures.tagOfLogged(name));
    this.#firstTime = state.firstTime ?? Number.NaN;
    this.#lastTime = state.lastTime ?? Number.NaN;
  }

  get state(): LogState {
    return {
      ...this.#state,
      position: this.#history.position,
      system: this.#figures.known,
      likeSystem: this.#figures.logged,
      firstTime: Number.isNaN(this.#firstTime) ? null : this.#firstTime,
      lastTime: Number.isNaN(this.#lastTime) ? null : this.#lastTime,
    };
  }

  readonly takeRow = (row: JsonObject): void => {
    this.#history.takeObject(row, 0);
    this.#sawTime(asNumber(row['_timestamp']));
  };

  /** `{"system.cpu": 3.1, "_wandb": true, "_timestamp": …, "_runtime": …}`. */
  readonly takeEvent = (row: JsonObject): void => {
    const time = asNumber(row['_timestamp']);
    this.#sawTime(time);
    for (const [name, value] of Object.entries(row)) {
      if (!name.startsWith('_')) this.#figures.takeValue(name.replace(/^system\./, ''), time, value);
    }
  };

  takeRows(): Pick<PollResult, 'scalars' | 'media'> {
    const { scalars, media } = this.#history.takeRows();
    return { scalars: [...scalars, ...this.#figures.takeRows()], media };
  }

  #sawTime(time: number): void {
    if (!(time > 0)) return;
    if (!(this.#firstTime <= time)) this.#firstTime = time;
    if (!(this.#lastTime >= time)) this.#lastTime = time;
  }
}
