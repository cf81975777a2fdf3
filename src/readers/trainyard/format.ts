import path from 'node:path';
import type { JsonObject } from '../../domain/json.ts';
import type { FoundRun, MediaRecord, PollResult, ReaderCursor, RunFacts } from '../../domain/records.ts';
import { type RunLink, runFiles } from '../../domain/runDirectory.ts';
import { changedFacts } from '../files/changedFacts.ts';
import type { FolderListing, FolderMatch, PollBudget, RunFormat, RunReader } from '../format.ts';
import { readCursor, writeCursor } from '../tensorboard/cursor.ts';
import { EventLog } from '../tensorboard/eventLog.ts';
import { directoryFacts } from './facts.ts';
import { RunDirectory } from './files.ts';
import { emptyLinkedCursor, type LinkedCursor, type LinkedPoll, LinkedRuns, readLinkedCursor } from './linkedRuns.ts';
import { readLinks } from './links.ts';
import { type AskProcess, askSystem } from './processLife.ts';
import { SampleFolder, samplesTag } from './samples.ts';

/** Run directories that Trainyard made: the whole folder is one run, with its event files and with what its program wrote elsewhere in the `formats` of other tools. */
export function makeTrainyardFormat(formats: readonly RunFormat[]): RunFormat {
  return {
    source: 'trainyard',
    title: 'Trainyard run directory',
    match: matchFolder,
    open: (run) => new TrainyardReader(run, { formats }),
  };
}

export interface TrainyardReaderOptions {
  /** How linked folders are read. */
  readonly formats?: readonly RunFormat[];
  readonly askProcess?: AskProcess;
  /** Seconds since 1970. */
  readonly now?: () => number;
}

/** Reads a run directory as src/domain/runDirectory.ts describes it. */
export class TrainyardReader implements RunReader {
  readonly #folder: string;
  readonly #directory: RunDirectory;
  readonly #samples: SampleFolder;
  readonly #linked: LinkedRuns;
  readonly #askProcess: AskProcess;
  readonly #now: () => number;
  #log: EventLog;
  #told: RunFacts = {};

  constructor(
    run: FoundRun,
    { formats = [], askProcess = askSystem, now = () => Date.now() / 1000 }: TrainyardReaderOptions = {},
  ) {
    this.#folder = run.path;
    this.#log = new EventLog(run.path);
    this.#directory = new RunDirectory(run.path);
    this.#samples = new SampleFolder(run.path);
    this.#linked = new LinkedRuns(run.path, formats);
    this.#askProcess = askProcess;
    this.#now = now;
  }

  async poll(cursor: ReaderCursor | undefined, budget: PollBudget): Promise<PollResult> {
    const known = parts(cursor);
    const { facts, problems, isCommand } = await this.#facts();
    const links = isCommand ? await readLinks(this.#folder) : [];
    const read = async (from: Parts) => this.#readRows(from, budget, isCommand ? links : undefined);
    let rows = await read(known);
    const isVoid = rows.isVoid || (cursor !== undefined && !known.isReadable);
    if (isVoid) {
      // Whatever was written anew, all rows of the run start again: they are one run to everybody else.
      this.#log = new EventLog(this.#folder);
      this.#linked.forget();
      rows = await read(noParts);
    }
    const reset = isVoid && cursor !== undefined;
    const all = withLinked(facts, rows.linked, links);
    // Who starts anew knows no facts either.
    const changed = changedFacts(cursor === undefined || reset ? {} : this.#told, all);
    this.#told = { ...this.#told, ...all };
    return {
      cursor: rows.cursor,
      reset,
      more: rows.more,
      facts: changed,
      scalars: rows.scalars,
      media: rows.media,
      problems: [...rows.problems, ...problems],
    };
  }

  dispose(): void {
    this.#linked.dispose();
  }

  async #readRows(from: Parts, budget: PollBudget, links: readonly RunLink[] | undefined): Promise<Rows> {
    const own = await this.#log.poll(from.events, budget.maxBytes);
    const samples = await this.#samples.readNew(new Set(from.samples));
    const ownTags = [...own.scalars, ...own.media].map(({ tag }) => tag);
    const linked = links === undefined ? undefined : await this.#linked.poll(links, from.linked, budget, ownTags);
    return {
      isVoid: own.reset || linked?.reset === true,
      cursor: {
        events: writeCursor(own.cursor),
        samples: [...from.samples, ...samples.map(nameOf)],
        ...(linked === undefined ? {} : { linked: JSON.parse(JSON.stringify(linked.cursor)) as JsonObject }),
      },
      linked,
      more: own.more || linked?.more === true,
      scalars: [...own.scalars, ...(linked?.scalars ?? [])],
      // The pictures of samples/ are in the event files too, for TensorBoard; here the files are shown.
      media: [
        ...own.media.filter(({ tag, kind }) => kind !== 'image' || tag !== samplesTag),
        ...samples,
        ...(linked?.media ?? []),
      ],
      problems: [...own.problems, ...(linked?.problems ?? [])],
    };
  }

  async #facts(): Promise<{ facts: RunFacts; problems: PollResult['problems']; isCommand: boolean }> {
    const now = this.#now();
    const { files, problems } = await this.#directory.read(now);
    const shim =
      files.state === undefined || files.exit !== undefined ? undefined : await this.#askProcess(files.state.shim);
    const child =
      shim === undefined || files.state?.child === undefined ? undefined : await this.#askProcess(files.state.child);
    const isCommand = files.launch?.commandLaunch !== undefined;
    return { facts: directoryFacts(files, { shim, child, now }), problems, isCommand };
  }
}

function matchFolder(folder: FolderListing): FolderMatch | undefined {
  if (!folder.files.includes(runFiles.launch) && !isRunDirectory(folder)) return undefined;
  const name = path.basename(folder.path);
  const run: FoundRun = { source: 'trainyard', path: path.resolve(folder.path), root: folder.root, name };
  return { runs: [run], descend: false, exclusive: true };
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

interface Parts {
  readonly events: ReturnType<typeof readCursor>;
  readonly samples: readonly string[];
  readonly linked: LinkedCursor;
  /** Where it is not, everything is read anew. */
  readonly isReadable: boolean;
}

interface Rows extends Pick<PollResult, 'more' | 'scalars' | 'media' | 'problems'> {
  readonly isVoid: boolean;
  readonly cursor: JsonObject;
  readonly linked: LinkedPoll | undefined;
}

const noParts: Parts = { events: undefined, samples: [], linked: emptyLinkedCursor, isReadable: false };

function parts(cursor: ReaderCursor | undefined): Parts {
  if (cursor === undefined || cursor === null || typeof cursor !== 'object' || Array.isArray(cursor)) return noParts;
  const { events, samples, linked } = cursor as JsonObject;
  const [log, places] = [readCursor(events), readLinkedCursor(linked)];
  if (log === undefined || places === undefined) return noParts;
  return { events: log, samples: Array.isArray(samples) ? samples.map(String) : [], linked: places, isReadable: true };
}

/** The run's own configuration counts before what its program logged of it. */
function withLinked(facts: RunFacts, linked: LinkedPoll | undefined, links: readonly RunLink[]): RunFacts {
  const whole = links.filter(({ only }) => only === undefined).map(({ path: folder }) => folder);
  return { ...linked?.facts, ...facts, ...(whole.length === 0 ? {} : { links: whole }) };
}

function nameOf({ place }: MediaRecord): string {
  return place.at === 'file' ? path.posix.basename(place.file) : '';
}
