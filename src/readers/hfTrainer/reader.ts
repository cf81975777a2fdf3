import path from 'node:path';
import { crc32c } from '../../base/crc32c.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { PollResult, ReaderCursor, ReaderProblem, RunFacts } from '../../domain/records.ts';
import { changedFacts } from '../files/changedFacts.ts';
import { readSmallText } from '../files/jsonFile.ts';
import type { RunReader } from '../format.ts';
import { begunAt } from '../text/life.ts';
import { parseTree } from '../text/surroundings.ts';
import { type MergedLog, mergeLogs, textOf, toBatches } from './merge.ts';
import { listStates, type StatePlace } from './places.ts';
import { readStateFile, type TrainerState } from './stateFile.ts';
import { stateStatus } from './status.ts';

/** What the reader keeps between polls: how many entries were told, and their checksum. */
interface StateCursor {
  readonly count: number;
  readonly crc: number;
  readonly grew: boolean;
}

/** All that was read of the folder's states. */
interface Read {
  readonly places: readonly StatePlace[];
  readonly log: MergedLog;
  /** The state that the facts are taken from: of the highest step, the folder's own where it is as far. */
  readonly main: TrainerState | undefined;
  readonly problems: readonly ReaderProblem[];
}

const version = 1;
/** A state that was written so shortly ago, and is cut off, is being written. */
const writingSeconds = 10;
/** Fields of a state that are settings. */
const settings = [
  'num_train_epochs',
  'max_steps',
  'train_batch_size',
  'logging_steps',
  'eval_steps',
  'save_steps',
  'trial_params',
];
const configNames = ['config.json', 'adapter_config.json', 'training_args.yaml'];

/** Reads the states that the Trainer of Hugging Face saves in its output folder and in every checkpoint, as one log. */
export class HfTrainerReader implements RunReader {
  readonly #folder: string;
  readonly #only: string | undefined;
  readonly #now: () => number;
  #told: RunFacts = {};
  #looks: string | undefined;
  #read: Read = { places: [], log: { entries: [] }, main: undefined, problems: [] };
  /** The last checksum, since most polls ask for the same one again. */
  #checksum: { readonly log: MergedLog; readonly count: number; readonly crc: number } | undefined;
  /** Logs by file, as long as the file looks the same. */
  readonly #states = new Map<string, { readonly look: string; readonly state: TrainerState | undefined }>();

  /** `only` reads one file of the folder. */
  constructor(folder: string, { only, now = () => Date.now() / 1000 }: { only?: string; now?: () => number } = {}) {
    this.#folder = folder;
    this.#only = only;
    this.#now = now;
  }

  async poll(cursor: ReaderCursor | undefined): Promise<PollResult> {
    const known = readCursor(cursor);
    const isNew = await this.#refresh(known !== undefined);
    const { log } = this.#read;
    const held = known === undefined ? undefined : this.#holds(known);
    const reset = held === false || (cursor !== undefined && known === undefined);
    const from = held === true ? known!.count : 0;
    const grew = known !== undefined && (known.grew || log.entries.length > known.count);
    const facts = await this.#facts(grew);
    const changed = changedFacts(cursor === undefined || reset ? {} : this.#told, facts);
    this.#told = facts;
    return {
      cursor: { version, count: log.entries.length, crc: this.#crc(log.entries.length), grew },
      reset,
      more: false,
      facts: changed,
      scalars: toBatches(log, from),
      media: [],
      problems: isNew || cursor === undefined ? this.#read.problems : [],
    };
  }

  dispose(): void {
    this.#states.clear();
  }

  /** Reads what changed. A state that is just being written is left for the next poll where something was told already. */
  async #refresh(mayWait: boolean): Promise<boolean> {
    const places = await listStates(this.#folder, this.#only);
    const looks = places.map(({ name, look }) => `${name}:${look}`).join('\n');
    if (looks === this.#looks) return false;
    const problems: ReaderProblem[] = [];
    const states: { readonly place: StatePlace; readonly state: TrainerState }[] = [];
    for (const place of places) {
      const state = await this.#state(place, problems);
      if (state === undefined) continue;
      if (state.isCut && mayWait && this.#looks !== undefined && this.#now() - place.modifiedAt < writingSeconds)
        return false;
      states.push({ place, state });
    }
    for (const name of this.#states.keys()) if (!places.some((place) => place.name === name)) this.#states.delete(name);
    const sorted = states.sort((a, b) => stepOf(b.state) - stepOf(a.state) || b.place.step - a.place.step);
    this.#read = { places, log: mergeLogs(sorted.map(({ state }) => state.log)), main: sorted[0]?.state, problems };
    this.#looks = looks;
    return true;
  }

  async #state(place: StatePlace, problems: ReaderProblem[]): Promise<TrainerState | undefined> {
    const known = this.#states.get(place.name);
    if (known?.look === place.look) return known.state;
    const read = await readStateFile(place.file);
    if ('problem' in read) problems.push({ file: place.name, message: read.problem });
    else if (read.isCut && place.size > 0) {
      problems.push({
        file: place.name,
        offset: place.size,
        message: 'The file ends in the middle. What stands before that was read.',
      });
    }
    const state = 'problem' in read ? undefined : read;
    this.#states.set(place.name, { look: place.look, state });
    return state;
  }

  #holds({ count, crc }: StateCursor): boolean {
    return count <= this.#read.log.entries.length && this.#crc(count) === crc;
  }

  #crc(count: number): number {
    const known = this.#checksum;
    if (known?.log === this.#read.log && known.count === count) return known.crc;
    const crc = crc32c(new TextEncoder().encode(textOf(this.#read.log, count)));
    this.#checksum = { log: this.#read.log, count, crc };
    return crc;
  }

  async #facts(grew: boolean): Promise<RunFacts> {
    const { places, main } = this.#read;
    const newest = places.reduce<StatePlace | undefined>(
      (latest, place) => (latest === undefined || place.modifiedAt > latest.modifiedAt ? place : latest),
      undefined,
    );
    const oldest = places.reduce(
      (least, place) => Math.min(least, begunAt({ ...place, inode: '' })),
      Number.POSITIVE_INFINITY,
    );
    const outputs = places.filter(({ step }) => Number.isFinite(step)).map(({ file }) => path.dirname(file));
    return {
      ...stateStatus(main, newest, grew, this.#now()),
      ...(Number.isFinite(oldest) ? { createdAt: oldest } : {}),
      ...(main === undefined ? {} : factsOf(main)),
      ...(await this.#config(main)),
      ...(outputs.length === 0 ? {} : { outputs: outputs.reverse() }),
    };
  }

  async #config(main: TrainerState | undefined): Promise<RunFacts> {
    const own = Object.fromEntries(
      settings.flatMap((name) => {
        const value = main?.fields[name];
        return value === undefined || value === null ? [] : [[name, value] as const];
      }),
    );
    const files: string[] = [];
    const trees: [string, JsonObject][] = [];
    for (const name of configNames) {
      const file = path.join(this.#folder, name);
      const text = await readSmallText(file);
      const tree = text.ok ? parseTree(text.value, name) : undefined;
      if (tree === undefined) continue;
      files.push(file);
      trees.push([sectionOf(name), tree]);
    }
    const config: JsonObject = { ...own, ...Object.fromEntries(trees) };
    return {
      ...(Object.keys(config).length === 0 ? {} : { config }),
      ...(files.length === 0 ? {} : { configFiles: files }),
    };
  }
}

function factsOf({ fields }: TrainerState): RunFacts {
  const { global_step: step, max_steps: total, best_metric: best, best_model_checkpoint: checkpoint } = fields;
  const summary: JsonObject = {
    ...(typeof best === 'number' ? { best_metric: best } : {}),
    ...(typeof checkpoint === 'string' ? { best_model_checkpoint: checkpoint } : {}),
    ...(typeof fields['best_global_step'] === 'number' ? { best_global_step: fields['best_global_step'] } : {}),
  };
  return {
    ...(typeof step === 'number'
      ? { progress: { step, ...(typeof total === 'number' && total > 0 ? { totalSteps: total } : {}) } }
      : {}),
    ...(Object.keys(summary).length === 0 ? {} : { summary }),
  };
}

/** The model's configuration, an adapter's and the arguments stand under names of their own. */
function sectionOf(name: string): string {
  if (name === 'config.json') return 'model';
  return name === 'adapter_config.json' ? 'adapter' : 'arguments';
}

function stepOf({ fields, log }: TrainerState): number {
  const { global_step: step } = fields;
  if (typeof step === 'number') return step;
  const last = log.at(-1)?.['step'];
  return typeof last === 'number' ? last : -1;
}

function readCursor(cursor: ReaderCursor | undefined): StateCursor | undefined {
  if (cursor === undefined || cursor === null || typeof cursor !== 'object' || Array.isArray(cursor)) return undefined;
  const { version: kept, count, crc, grew } = cursor as JsonObject;
  if (kept !== version || typeof count !== 'number' || typeof crc !== 'number') return undefined;
  return { count, crc, grew: grew === true };
}
