import { Disposables } from '../../../base/disposables.ts';
import { AppError, toErrorInfo } from '../../../base/errors.ts';
import type { RunId } from '../../../domain/ids.ts';
import { type FoundRun, placeKey, type RunPlace } from '../../../domain/records.ts';
import { groupRuns, type Verdict } from '../../../readers/index.ts';
import type { MergeTable } from '../../../store/mergeTable.ts';
import type { RunGrouping } from '../../services.ts';
import { isInside } from '../folders.ts';
import type { LiveRun } from '../liveRun.ts';
import type { RunCatalog } from '../runCatalog.ts';
import { Candidates } from './candidates.ts';
import { type Conclusion, findSame, fingerprintOf } from './evidence.ts';
import type { Points } from './sameValues.ts';
import { Verdicts } from './verdicts.ts';

/** Runs that changed are compared together, when they have come to rest. */
const compareMs = 1_500;
/** Of so many runs at once the others wait for the next round, so that the worker stays quick. */
const comparedAtOnce = 200;

export interface RunGroupsOptions {
  readonly table: MergeTable;
  readonly catalog: RunCatalog;
  readonly pointsOf: (run: LiveRun, tag: string) => Promise<Points>;
  /** Places that are read as part of a run of ours, and so are none of their own. */
  readonly hides: (found: FoundRun) => boolean;
  /** Called with the runs of a root when what is one run has changed without a walk. */
  readonly onRegrouped: (root: string, runs: readonly FoundRun[]) => void;
  /** Looks at a run now, and resolves when it was read. */
  readonly look: (found: FoundRun) => Promise<void>;
  readonly complain: (message: string) => void;
}

/** Knows which places are one run: by the layout of folders, by what their logs say of each other, and by what the user says. */
export class RunGroups extends Disposables implements RunGrouping {
  readonly #options: RunGroupsOptions;
  readonly #verdicts: Verdicts;
  /** What the last walk of each root found. */
  readonly #places = new Map<string, readonly FoundRun[]>();
  /** More than one kind of log was found: else there is nothing to compare. */
  #isMixed = false;
  /** All runs, as they were put together last, and which places of each root belonged to runs of ours then; undefined where it has to be done again. */
  #grouped: { readonly runs: readonly FoundRun[]; readonly hidden: ReadonlyMap<string, string> } | undefined;
  /** Runs with places in several roots, as they were told last. */
  #spread = '[]';
  readonly #candidates = new Candidates();
  readonly #changed = new Set<RunId>();
  readonly #comparedIn = new Map<RunId, string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RunGroupsOptions) {
    super();
    this.#options = options;
    this.#verdicts = new Verdicts(options.table);
    this.onDispose(() => clearTimeout(this.#timer));
  }

  /** The runs of what a walk found below a root. Logs of one training may lie in several roots, Trackio's folder being one; such a run belongs to the root of its lead. */
  group(root: string, places: readonly FoundRun[]): readonly FoundRun[] {
    // Most walks find what the one before found, and ten thousand places need not be put together again for that.
    const hidden = places
      .filter((place) => this.#options.hides(place))
      .map(placeKey)
      .join();
    const isKnown = this.#places.get(root) === places && this.#grouped?.hidden.get(root) === hidden;
    if (isKnown) return ofRoot(this.#grouped!.runs, root);
    this.#places.set(root, places);
    const runs = this.#groupAll();
    this.#grouped = { runs, hidden: new Map(this.#grouped?.hidden).set(root, hidden) };
    if (places.some((place) => this.#options.catalog.at(place) === undefined)) this.#noteAll();
    this.#tellOthers(root, runs);
    return ofRoot(runs, root);
  }

  #groupAll(): readonly FoundRun[] {
    const { catalog, hides } = this.#options;
    const leads = new Map<string, FoundRun>();
    for (const { found } of catalog.all()) leads.set(placeKey(found), found);
    const all = new Map<string, FoundRun>();
    for (const found of [...this.#places.values()].flat()) {
      const id = placeKey(found);
      // A place below two roots that are open stays in the one where it was found first.
      const before = all.get(id);
      if (!hides(found) && (before === undefined || leads.get(id)?.root === found.root)) all.set(id, found);
    }
    this.#isMixed = new Set([...all.values()].map(({ source }) => source)).size > 1;
    const verdicts = this.#verdicts.all;
    for (const part of partsElsewhere(leads, all, [...this.#places.keys()], verdicts)) all.set(placeKey(part), part);
    return groupRuns([...all.values()], { verdicts, leads: (id) => leads.has(id) });
  }

  /** Runs of other roots change with a walk of this one only where a run has places in both. */
  #tellOthers(root: string, runs: readonly FoundRun[]): void {
    if (this.#places.size < 2) return;
    const rootOf = new Map([...this.#places].flatMap(([each, places]) => places.map((run) => [placeKey(run), each])));
    const isSpread = ({ root: own, parts = [] }: FoundRun) => parts.some((part) => rootOf.get(placeKey(part)) !== own);
    const spread = JSON.stringify(runs.filter(isSpread).map((run) => placesOf(run)));
    if (spread === this.#spread) return;
    this.#spread = spread;
    for (const other of this.#places.keys())
      if (other !== root)
        this.#options.onRegrouped(
          other,
          runs.filter((run) => run.root === other),
        );
  }

  /** A run has changed, so it may be compared with others. One that grows is compared again when it has doubled. */
  note(run: LiveRun): void {
    if (run.found.source === 'trainyard' || !this.#isMixed) return;
    let points = 0;
    for (const { info } of run.series.values()) points += info.count;
    const { status, outputs = [], shows = [], slurmJob } = run.facts;
    const state = `${Math.floor(Math.log2(points + 1))} ${status} ${outputs.length} ${shows.length} ${slurmJob}`;
    if (this.#comparedIn.get(run.id) === state) return;
    this.#comparedIn.set(run.id, state);
    // Now, while its series are in memory.
    this.#candidates.set(fingerprintOf(run));
    this.#changed.add(run.id);
    this.#compareSoon();
  }

  /** What is new may be the same training as a run that has been known for long. */
  #noteAll(): void {
    if (!this.#isMixed) return;
    for (const { id, found } of this.#options.catalog.all())
      if (found.source !== 'trainyard' && this.#candidates.get(id) === undefined) this.#changed.add(id);
    if (this.#changed.size > 0) this.#compareSoon();
  }

  #compareSoon(): void {
    if (this.isDisposed) return;
    this.#timer ??= setTimeout(() => void this.#compare(), compareMs);
    this.#timer.unref();
  }

  forget(id: RunId): void {
    this.#candidates.delete(id);
    this.#changed.delete(id);
    this.#comparedIn.delete(id);
  }

  async split(runId: RunId, part: string | undefined): Promise<readonly RunId[]> {
    const run = this.#find(runId);
    const places = placesOf(run.found);
    if (places.length === 1)
      throw new AppError('conflict', `${run.found.name} was logged in one place only, so there is nothing to split.`);
    const isMeant = (place: string) => part === undefined || place === part;
    if (!places.some(isMeant)) throw new AppError('not-found', 'The run has no such part; look at it again.');
    const pairs = places.flatMap((one, index) =>
      places
        .slice(index + 1)
        .filter((other) => isMeant(one) || isMeant(other))
        .map((other) => [one, other] as const),
    );
    this.#verdicts.decide(pairs, 'apart');
    await this.#regroup(run.found.root, places);
    const split = part === undefined ? places : [places[0]!, part === places[0] ? places[1]! : part];
    return this.#idsAt(split);
  }

  async merge(runIds: readonly RunId[]): Promise<RunId> {
    const [first, ...others] = runIds.map((id) => this.#find(id));
    const all = [first!, ...others];
    if (all.some(({ found }) => found.source === 'trainyard'))
      throw new AppError(
        'bad-argument',
        'A run that Trainyard started is linked to its logs by itself and cannot be merged by hand.',
      );
    const lead = placeKey(first!.found);
    // Whatever was said of any two of their places before, they are one run now.
    const places = others.flatMap(({ found }) => placesOf(found));
    const firsts = placesOf(first!.found).filter((place) => place !== lead);
    const stale = [...places, ...firsts].flatMap((one, index, list) =>
      list
        .slice(index + 1)
        .filter((other) => this.#verdicts.find(one, other)?.verdict === 'apart')
        .map((other) => [one, other] as const),
    );
    this.#verdicts.decide([...places.map((place) => [lead, place] as const), ...stale], 'same');
    await this.#regroup(first!.found.root, [lead]);
    return this.#idsAt([lead])[0] ?? first!.id;
  }

  #find(id: RunId): LiveRun {
    const run = this.#options.catalog.get(id);
    if (run === undefined)
      throw new AppError('not-found', `There is no run ${id}.`, { hint: 'Look at the list again.' });
    return run;
  }

  /** Puts the places of a root together anew. Resolves when the runs that stand at `awaited` were read. */
  async #regroup(root: string, awaited: readonly string[] = []): Promise<void> {
    const places = this.#places.get(root);
    if (places === undefined) return;
    this.#grouped = undefined;
    const runs = this.group(root, places);
    this.#options.onRegrouped(root, runs);
    const meant = new Set(awaited);
    await Promise.all(runs.filter((run) => meant.has(placeKey(run))).map((run) => this.#options.look(run)));
  }

  /** The ids of the runs that stand at these places now. */
  #idsAt(places: readonly string[]): readonly RunId[] {
    const wanted = new Set(places);
    return [...this.#options.catalog.all()].filter(({ found }) => wanted.has(placeKey(found))).map(({ id }) => id);
  }

  async #compare(): Promise<void> {
    const { catalog, complain } = this.#options;
    const due = [...this.#changed].slice(0, comparedAtOnce);
    for (const id of due) this.#changed.delete(id);
    try {
      const runs = due.flatMap((id) => catalog.get(id) ?? []);
      for (const run of runs) {
        if (run.isSkimmed && this.#candidates.get(run.id) !== undefined) continue;
        this.#candidates.set(fingerprintOf(run));
        run.unload();
      }
      const roots = new Set<string>();
      for (const run of runs) if (await this.#conclude(run)) roots.add(run.found.root);
      if (!this.isDisposed) for (const root of roots) await this.#regroup(root);
    } catch (error) {
      if (!this.isDisposed) complain(`Runs cannot be compared: ${toErrorInfo(error).message}`);
    }
    this.#timer = undefined;
    if (this.#changed.size > 0) this.#compareSoon();
  }

  /** True where the run turned out to be one with another: each of them must be the only one that fits the other. */
  async #conclude(run: LiveRun): Promise<boolean> {
    let isNew = false;
    for (const { other, why } of await this.#fitting(run)) {
      const back = await this.#fitting(other);
      if (!back.some((conclusion) => conclusion.other === run)) continue;
      isNew = this.#verdicts.conclude(placeKey(run.found), placeKey(other.found), why) || isNew;
    }
    return isNew;
  }

  async #fitting({ id }: LiveRun): Promise<readonly Conclusion[]> {
    const subject = this.#candidates.get(id);
    if (subject === undefined) return [];
    return findSame(subject, this.#candidates.of(id), {
      pointsOf: this.#options.pointsOf,
      isDecided: (one, other) => this.#verdicts.find(one, other) !== undefined,
    });
  }
}

/** Parts of known runs that lie in roots which nobody has walked yet: they are still parts, so that the run need not be read anew twice at every start. */
function partsElsewhere(
  leads: ReadonlyMap<string, FoundRun>,
  there: ReadonlyMap<string, FoundRun>,
  roots: readonly string[],
  verdicts: readonly Verdict[],
): readonly FoundRun[] {
  const same = verdicts.filter(({ verdict }) => verdict === 'same');
  if (same.length === 0) return [];
  const meant = new Set(same.flatMap(({ one, other }) => [one, other]));
  return [...leads].flatMap(([id, { parts = [], root, name }]) => {
    if (!there.has(id)) return [];
    return parts
      .filter((part) => meant.has(placeKey(part)) && !there.has(placeKey(part)))
      .filter(({ path }) => !roots.some((walked) => isInside(path, walked)))
      .map(({ source, path, key }): FoundRun => ({ source, path, ...(key === undefined ? {} : { key }), root, name }));
  });
}

function ofRoot(runs: readonly FoundRun[], root: string): readonly FoundRun[] {
  return runs.filter((run) => run.root === root);
}

function placesOf(found: FoundRun): readonly string[] {
  return [found as RunPlace, ...(found.parts ?? [])].map(placeKey);
}
