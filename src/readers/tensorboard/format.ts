import path from 'node:path';
import type { FoundRun, PollResult, ReaderCursor, RunFacts } from '../../domain/records.ts';
import { changedFacts } from '../files/changedFacts.ts';
import { runName } from '../files/runName.ts';
import type { FolderListing, FolderMatch, PollBudget, RunFormat, RunReader } from '../format.ts';
import { Surroundings } from '../text/surroundings.ts';
import { readCursor, writeCursor } from './cursor.ts';
import { looksLikeEventFile } from './detect.ts';
import { EventLog, type LogPoll } from './eventLog.ts';
import { isEventFile } from './names.ts';
import { logStatus } from './status.ts';

/** TensorBoard event files, whoever wrote them: a folder that holds any is a run, and so may be the folders below it. */
export const tensorboardFormat: RunFormat = {
  source: 'tensorboard',
  title: 'TensorBoard event files',
  match: matchFolder,
  open: (run) => new TensorboardReader(run),
  openFile: (run, only) => new TensorboardReader(run, { only }),
  matchFile: looksLikeEventFile,
};

/** Reads a run of event files. `only` limits it to one file of the folder. */
export class TensorboardReader implements RunReader {
  readonly #log: EventLog;
  readonly #now: () => number;
  readonly #surroundings: Surroundings | undefined;
  #told: RunFacts = {};

  constructor(run: FoundRun, { only, now = () => Date.now() / 1000 }: { only?: string; now?: () => number } = {}) {
    this.#log = new EventLog(run.path, only === undefined ? {} : { only });
    this.#now = now;
    // TensorBoardLogger of Lightning puts them beside its events, and nothing of them into the events where it was told so.
    const names = { configs: ['hparams.yaml'], outputs: ['checkpoints'] };
    this.#surroundings = only === undefined ? new Surroundings(run.path, '', names) : undefined;
  }

  async poll(cursor: ReaderCursor | undefined, budget: PollBudget): Promise<PollResult> {
    const known = readCursor(cursor);
    const polled = await this.#log.poll(known, budget.maxBytes, budget.lent);
    const reset = polled.reset || (cursor !== undefined && known === undefined);
    const facts = { ...this.#facts(polled), ...(await this.#surroundings?.facts()) };
    // Who starts anew knows no facts either.
    const changed = changedFacts(cursor === undefined || reset ? {} : this.#told, facts);
    this.#told = facts;
    const { more, scalars, media, problems } = polled;
    return { cursor: writeCursor(polled.cursor), reset, more, facts: changed, scalars, media, problems };
  }

  dispose(): void {
    // Files are open only while a poll runs.
  }

  #facts({ facts, host, modifiedAt }: LogPoll): RunFacts {
    const { firstWallTime, lastWallTime, hparams, restarts } = facts;
    return {
      ...logStatus({ lastEventAt: lastWallTime ?? undefined, modifiedAt, now: this.#now() }),
      ...(firstWallTime === null ? {} : { createdAt: firstWallTime, startedAt: firstWallTime }),
      ...(host === undefined ? {} : { host }),
      ...(hparams === null ? {} : { config: hparams }),
      ...(restarts.length === 0 ? {} : { restarts }),
    };
  }
}

function matchFolder(folder: FolderListing): FolderMatch | undefined {
  if (!folder.files.some(isEventFile)) return undefined;
  const name = runName(folder.root, folder.path);
  const run: FoundRun = { source: 'tensorboard', path: path.resolve(folder.path), root: folder.root, name };
  return { runs: [run], descend: true };
}
