import path from 'node:path';
import type { JsonObject } from '../../domain/json.ts';
import type { FoundRun, MediaRecord, PollResult, ReaderCursor, RunFacts } from '../../domain/records.ts';
import { runFiles } from '../../domain/runDirectory.ts';
import { changedFacts } from '../files/changedFacts.ts';
import type { FolderListing, FolderMatch, PollBudget, RunFormat, RunReader } from '../format.ts';
import { readCursor, writeCursor } from '../tensorboard/cursor.ts';
import { EventLog } from '../tensorboard/eventLog.ts';
import { directoryFacts } from './facts.ts';
import { RunDirectory } from './files.ts';
import { type AskProcess, askSystem } from './processLife.ts';
import { SampleFolder, samplesTag } from './samples.ts';

/** Run directories of Trainyard's own trainer: the whole folder is one run, its event files included. */
export const trainyardFormat: RunFormat = {
  source: 'trainyard',
  title: 'Trainyard run directory',
  match: matchFolder,
  open: (run) => new TrainyardReader(run),
};

export interface TrainyardReaderOptions {
  readonly askProcess?: AskProcess;
  /** Seconds since 1970. */
  readonly now?: () => number;
}

/** Reads a run directory as src/domain/runDirectory.ts describes it. */
export class TrainyardReader implements RunReader {
  readonly #log: EventLog;
  readonly #directory: RunDirectory;
  readonly #samples: SampleFolder;
  readonly #askProcess: AskProcess;
  readonly #now: () => number;
  #told: RunFacts = {};

  constructor(run: FoundRun, { askProcess = askSystem, now = () => Date.now() / 1000 }: TrainyardReaderOptions = {}) {
    this.#log = new EventLog(run.path);
    this.#directory = new RunDirectory(run.path);
    this.#samples = new SampleFolder(run.path);
    this.#askProcess = askProcess;
    this.#now = now;
  }

  async poll(cursor: ReaderCursor | undefined, budget: PollBudget): Promise<PollResult> {
    const known = parts(cursor);
    const polled = await this.#log.poll(known.events, budget.maxBytes);
    const reset = polled.reset || (cursor !== undefined && known.events === undefined);
    const seen = reset ? [] : known.samples;
    const samples = await this.#samples.readNew(new Set(seen));
    const { facts, problems } = await this.#facts();
    // Who starts anew knows no facts either.
    const changed = changedFacts(cursor === undefined || reset ? {} : this.#told, facts);
    this.#told = facts;
    return {
      cursor: { events: writeCursor(polled.cursor), samples: [...seen, ...samples.map(nameOf)] },
      reset,
      more: polled.more,
      facts: changed,
      scalars: polled.scalars,
      // The pictures of samples/ are in the event files too, for TensorBoard; here the files are shown.
      media: [...polled.media.filter(({ tag, kind }) => kind !== 'image' || tag !== samplesTag), ...samples],
      problems: [...polled.problems, ...problems],
    };
  }

  dispose(): void {
    // Files are open only while a poll runs.
  }

  async #facts(): Promise<{ facts: RunFacts; problems: PollResult['problems'] }> {
    const now = this.#now();
    const { files, problems } = await this.#directory.read(now);
    const shim =
      files.state === undefined || files.exit !== undefined ? undefined : await this.#askProcess(files.state.shim);
    const child =
      shim === undefined || files.state?.child === undefined ? undefined : await this.#askProcess(files.state.child);
    return { facts: directoryFacts(files, { shim, child, now }), problems };
  }
}

function matchFolder(folder: FolderListing): FolderMatch | undefined {
  if (!folder.files.includes(runFiles.launch) && !isRunDirectory(folder)) return undefined;
  return {
    run: { source: 'trainyard', path: path.resolve(folder.path), root: folder.root, name: path.basename(folder.path) },
    descend: false,
  };
}

/** `run.json` is a common name, so something else of ours must stand beside it. */
function isRunDirectory({ files }: FolderListing): boolean {
  const others: readonly string[] = [
    runFiles.config,
    runFiles.progress,
    runFiles.outcome,
    runFiles.state,
    runFiles.exit,
  ];
  return files.includes(runFiles.run) && files.some((name) => others.includes(name));
}

function parts(cursor: ReaderCursor | undefined): {
  events: ReturnType<typeof readCursor>;
  samples: readonly string[];
} {
  if (cursor === undefined || cursor === null || typeof cursor !== 'object' || Array.isArray(cursor))
    return { events: undefined, samples: [] };
  const { events, samples } = cursor as JsonObject;
  return { events: readCursor(events), samples: Array.isArray(samples) ? samples.map(String) : [] };
}

function nameOf({ place }: MediaRecord): string {
  return place.at === 'file' ? path.posix.basename(place.file) : '';
}
