import { statSync } from 'node:fs';
import path from 'node:path';
import {
  type FoundRun,
  type MediaRecord,
  type PollResult,
  placeKey,
  type ReaderCursor,
  type ReaderProblem,
  type RunFacts,
  type RunPart,
  type ScalarBatch,
  type SourceOfRun,
} from '../../domain/records.ts';
import { isActive } from '../../domain/run.ts';
import { changedFacts } from '../files/changedFacts.ts';
import type { PollBudget, RunReader } from '../format.ts';
import { type CompositeCursor, type KeptPlace, readCompositeCursor, writeCompositeCursor } from './cursor.ts';
import { countsBefore, mergeFacts, type Telling } from './mergeFacts.ts';
import { sharesNames, withTrainerTags } from './sharedNames.ts';
import { type LogName, TagOwners } from './tagOwners.ts';

/** One place that the run is read from. */
interface Place {
  readonly id: string;
  readonly run: FoundRun;
  readonly why: string;
  /** Id of the log that it belongs to: its own, or that of the place which it continues. */
  readonly log: string;
  /** What relative file names of its reader stand in. */
  readonly folder: string;
}

/** Facts that may be large: only who told the one that holds is remembered, since the catalog keeps the fact itself. */
const largeFacts = ['config', 'summary', 'definitions'] as const;

/**
 * Reads a run that was logged in several places with the readers of those. Each tag comes from the best log under its bare name and from the others
 * behind their label (`TagOwners`); places that continue one another give one series. A place that starts anew makes the whole run start anew.
 */
export class CompositeReader implements RunReader {
  readonly #places: readonly Place[];
  readonly #logs: readonly LogName[];
  readonly #open: (run: FoundRun) => RunReader;
  readonly #readers = new Map<string, RunReader>();
  #told: RunFacts = {};
  /** Large facts of this reader's lifetime, by place. */
  #large = new Map<string, RunFacts>();

  constructor(run: FoundRun, open: (run: FoundRun) => RunReader) {
    this.#places = placesOf(run);
    this.#logs = logsOf(this.#places);
    this.#open = open;
  }

  async poll(cursor: ReaderCursor | undefined, budget: PollBudget): Promise<PollResult> {
    const known = this.#knownCursor(cursor);
    const isForeign = cursor !== undefined && known === undefined;
    const answer = await this.#pollFrom(known, budget);
    if (answer !== undefined) return { ...answer, reset: answer.reset || isForeign };
    // A place began anew, so everything that was read of the run is void.
    return this.#startAnew(emptyCursor, budget);
  }

  dispose(): void {
    for (const reader of this.#readers.values()) reader.dispose();
    this.#readers.clear();
  }

  /** The cursor, where it is one of exactly these places. */
  #knownCursor(cursor: ReaderCursor | undefined): CompositeCursor | undefined {
    const known = readCompositeCursor(cursor);
    const ids = new Set(this.#places.map(({ id }) => id));
    return known !== undefined && Object.keys(known.places).every((id) => ids.has(id)) ? known : undefined;
  }

  async #startAnew(from: CompositeCursor, budget: PollBudget): Promise<PollResult> {
    this.dispose();
    this.#told = {};
    this.#large = new Map();
    const answer = await this.#pollFrom(from, budget);
    if (answer !== undefined) return { ...answer, reset: true };
    return { ...nothing, cursor: writeCompositeCursor(emptyCursor), reset: true, more: true };
  }

  /** Undefined where a place began anew after it had been read before. */
  async #pollFrom(known: CompositeCursor | undefined, budget: PollBudget): Promise<PollResult | undefined> {
    const from = known ?? emptyCursor;
    const polls = await this.#pollPlaces(from, budget);
    if (polls === undefined) return undefined;
    const tags = new TagOwners(this.#logs, from.tags);
    const shifts = new Map<Place, { [tag: string]: number }>();
    for (const { place, poll } of polls) {
      if (place.id !== place.log) shifts.set(place, shiftsOf(poll, place, tags, from.places[place.id]?.shifts));
      for (const { tag, values } of poll.scalars) tags.count(tag, place.log, values.length);
      for (const { tag } of poll.media) tags.count(tag, place.log, 1);
    }
    tags.settleNew();
    const more = polls.some(({ poll }) => poll.more) || polls.some(({ isWaiting }) => isWaiting);
    const { facts, places, givers } = this.#mergeFacts(from, polls, tags);
    for (const [{ id }, shift] of shifts)
      if (places[id] !== undefined && Object.keys(shift).length > 0) places[id] = { ...places[id], shifts: shift };
    const isSettling = !more && (!from.settled || !isActive(facts.status ?? 'unknown'));
    if (isSettling && !tags.isBest) {
      // Which log is best is known now that all were read: they are read again with the tags in their right places.
      const again = { ...emptyCursor, tags: tags.afresh().toTree() };
      return this.#startAnew(again, budget);
    }
    const changed = changedFacts(this.#told, facts);
    this.#told = { ...this.#told, ...facts };
    return {
      cursor: writeCompositeCursor({ places, givers, tags: tags.toTree(), settled: from.settled || !more }),
      reset: false,
      more,
      facts: changed,
      scalars: polls.flatMap(({ place, poll }) =>
        poll.scalars.map((batch) => this.#named(shifted(batch, shifts.get(place)), place, tags)),
      ),
      media: polls.flatMap(({ place, poll }) => poll.media.map((record) => this.#placed(record, place, tags))),
      problems: polls.flatMap(({ place, poll }) => poll.problems.map((problem) => located(problem, place))),
    };
  }

  async #pollPlaces(from: CompositeCursor, budget: PollBudget): Promise<readonly PlacePoll[] | undefined> {
    const polls: PlacePoll[] = [];
    /** Logs of which a place is not read to its end: what continues it waits, so that the rows come in order. */
    const unfinished = new Set<string>();
    for (const place of this.#places) {
      if (unfinished.has(place.log)) {
        polls.push({ place, poll: nothing, isWaiting: true });
        continue;
      }
      const cursor = from.places[place.id]?.cursor;
      const poll = await this.#pollPlace(place, cursor, budget);
      if (poll === undefined) continue;
      if (poll.reset && cursor !== undefined) return undefined;
      if (poll.more) unfinished.add(place.log);
      polls.push({ place, poll, isWaiting: false });
    }
    return polls;
  }

  /** Undefined where the place is gone for now. The run's own place has to be there. */
  async #pollPlace(
    place: Place,
    cursor: ReaderCursor | undefined,
    budget: PollBudget,
  ): Promise<PollResult | undefined> {
    let reader = this.#readers.get(place.id);
    if (reader === undefined) {
      reader = this.#open(place.run);
      this.#readers.set(place.id, reader);
    }
    try {
      const poll = await reader.poll(cursor, budget);
      return this.#sharesNames(place) ? withTrainerTags(poll) : poll;
    } catch (error) {
      if (place === this.#places[0]) throw error;
      return undefined;
    }
  }

  #sharesNames({ run: { source } }: Place): boolean {
    return sharesNames(
      source,
      this.#places.map(({ run }) => run.source),
    );
  }

  #mergeFacts(
    from: CompositeCursor,
    polls: readonly PlacePoll[],
    tags: TagOwners,
  ): { facts: RunFacts; places: { [id: string]: KeptPlace }; givers: CompositeCursor['givers'] } {
    const places: { [id: string]: KeptPlace } = { ...from.places };
    for (const { place, poll, isWaiting } of polls) {
      if (isWaiting) continue;
      const { small, large } = splitFacts(poll.facts);
      const before = places[place.id];
      const began = before?.began ?? (place.id === place.log ? undefined : beginningOf(poll));
      places[place.id] = {
        ...(before?.shifts === undefined ? {} : { shifts: before.shifts }),
        ...(began === undefined ? {} : { began }),
        cursor: poll.cursor,
        facts: { ...before?.facts, ...small },
      };
      this.#large.set(place.id, { ...this.#large.get(place.id), ...large });
    }
    const tellings = this.#places.flatMap(({ id, run, log }): readonly Telling[] => {
      const kept = places[id];
      return kept === undefined ? [] : [{ source: run.source, log, facts: withRestart(kept) }];
    });
    const { large, givers } = this.#largeFacts(from.givers);
    const facts = { ...mergeFacts(tellings), ...large, sources: this.#sources(tags) };
    return { facts, places, givers };
  }

  /** Each large fact from the place whose word counts most; one that an earlier reader heard from a better place holds on. */
  #largeFacts(before: CompositeCursor['givers']): { large: RunFacts; givers: CompositeCursor['givers'] } {
    const told = this.#places.map(({ id, run, log }): Telling & { id: string } => ({
      id,
      source: run.source,
      log,
      facts: this.#large.get(id) ?? {},
    }));
    const merged = mergeFacts(told);
    const givers: { [fact: string]: string } = { ...before };
    const large: Record<string, unknown> = {};
    for (const key of largeFacts) {
      if (merged[key] === undefined) continue;
      const giver = told.find(({ facts }) => facts[key] === merged[key])!.id;
      const known = before[key];
      if (known !== undefined && known !== giver && this.#countsBefore(known, giver)) continue;
      givers[key] = giver;
      large[key] = merged[key];
    }
    return { large: large as RunFacts, givers };
  }

  #countsBefore(known: string, candidate: string): boolean {
    const sourceOf = (id: string) => this.#places.find((place) => place.id === id)?.run.source;
    const [one, other] = [sourceOf(known), sourceOf(candidate)];
    return one !== undefined && other !== undefined && countsBefore(one, other);
  }

  #sources(tags: TagOwners): readonly SourceOfRun[] {
    return this.#places.map(({ id, run: { source, path: place, key }, why, log }) => ({
      source,
      path: place,
      ...(key === undefined ? {} : { key }),
      why,
      // What continues a log shares its tags.
      tags: id === log || log === this.#places[0]!.log ? tags.countOf(log) : 0,
    }));
  }

  #named(batch: ScalarBatch, { log }: Place, tags: TagOwners): ScalarBatch {
    if (tags.owns(batch.tag, log)) return batch;
    return { ...batch, tag: `${this.#labelOf(log)}/${batch.tag}`, duplicate: true };
  }

  #placed(record: MediaRecord, { log, folder }: Place, tags: TagOwners): MediaRecord {
    const { place } = record;
    const isOwn = folder === this.#places[0]!.folder;
    const based =
      place.at === 'inline' || place.base !== undefined || isOwn
        ? record
        : { ...record, place: { ...place, base: folder } };
    if (tags.owns(record.tag, log)) return based;
    return { ...based, tag: `${this.#labelOf(log)}/${record.tag}`, duplicate: true };
  }

  #labelOf(log: string): string {
    return this.#logs.find(({ id }) => id === log)!.label;
  }
}

interface PlacePoll {
  readonly place: Place;
  readonly poll: PollResult;
  /** It was not asked: the place before it is not read to its end yet. */
  readonly isWaiting: boolean;
}

const emptyCursor: CompositeCursor = { places: {}, givers: {}, tags: { owners: {}, counts: {} }, settled: false };

const nothing: PollResult = {
  cursor: null,
  reset: false,
  more: false,
  facts: {},
  scalars: [],
  media: [],
  problems: [],
};

/** Where a place that continues another one begins: rows from there on are newer than those before. */
function beginningOf({ scalars }: PollResult): KeptPlace['began'] {
  const rows = scalars.filter(({ system, steps }) => system !== true && steps.length > 0);
  if (rows.length === 0) return undefined;
  return {
    step: Math.min(...rows.map(({ steps }) => steps[0]!)),
    wallTime: Math.min(...rows.map(({ wallTimes }) => wallTimes[0]!)),
  };
}

/** Figures of the machine are counted from 0 in every place; in one series they are counted on. */
function shiftsOf(
  { scalars }: PollResult,
  { log }: Place,
  tags: TagOwners,
  known: KeptPlace['shifts'],
): { [tag: string]: number } {
  const shifts: { [tag: string]: number } = { ...known };
  for (const { tag, system } of scalars)
    if (system === true && !Object.hasOwn(shifts, tag)) shifts[tag] = tags.valuesOf(tag, log);
  return shifts;
}

function shifted(batch: ScalarBatch, shifts: { readonly [tag: string]: number } | undefined): ScalarBatch {
  const isCounted = batch.system === true && shifts !== undefined && Object.hasOwn(shifts, batch.tag);
  const shift = isCounted ? shifts[batch.tag]! : 0;
  return shift === 0 ? batch : { ...batch, steps: batch.steps.map((step) => step + shift) };
}

function withRestart({ facts, began }: KeptPlace): RunFacts {
  return began === undefined ? facts : { ...facts, restarts: [...(facts.restarts ?? []), began] };
}

function placesOf(run: FoundRun): readonly Place[] {
  const { parts = [], ...own } = run;
  const all: readonly RunPart[] = [{ ...own, why: "It is the run's own place." }, ...parts];
  let log = '';
  return all.map((part) => {
    const id = placeKey(part);
    if (part.continues !== true) log = id;
    const { source, path: place, key } = part;
    const found = { source, path: place, ...(key === undefined ? {} : { key }), root: run.root, name: run.name };
    return { id, run: found, why: part.why, log, folder: folderOf(place) };
  });
}

function folderOf(place: string): string {
  return statSync(place, { throwIfNoEntry: false })?.isFile() === true ? path.dirname(place) : place;
}

/** The logs of the run with labels that differ. */
function logsOf(places: readonly Place[]): readonly LogName[] {
  const firsts = places.filter(({ id, log }) => id === log);
  const taken = new Map<string, number>();
  return firsts.map(({ id, run: { source, path: place, key } }) => {
    const isAlone = firsts.filter(({ run }) => run.source === source).length === 1;
    const label = isAlone ? source : `${source} ${key ?? path.basename(place)}`;
    const before = taken.get(label) ?? 0;
    taken.set(label, before + 1);
    return { id, source, label: before === 0 ? label : `${label} ${before + 1}` };
  });
}

function splitFacts(facts: RunFacts): { small: RunFacts; large: RunFacts } {
  const isLarge = ([key]: [string, unknown]) => (largeFacts as readonly string[]).includes(key);
  const entries = Object.entries(facts);
  return {
    small: Object.fromEntries(entries.filter((entry) => !isLarge(entry))),
    large: Object.fromEntries(entries.filter(isLarge)),
  };
}

function located(problem: ReaderProblem, { folder }: Place): ReaderProblem {
  return { ...problem, file: path.resolve(folder, problem.file) };
}
