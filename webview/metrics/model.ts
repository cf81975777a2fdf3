import { type Disposable, Disposables } from '../../src/base/disposables.ts';
import { Emitter } from '../../src/base/emitter.ts';
import type { RunId } from '../../src/domain/ids.ts';
import type { RunDetail, RunSummary } from '../../src/domain/run.ts';
import { parseFilter, type TextFilter } from '../shared/filter.ts';
import type { RunCache } from '../shared/runCache.ts';
import { assignStyles, type RunStyle } from '../shared/runStyles.ts';
import type { MetricsState } from './state.ts';
import { type TagGroup, tagGroups } from './tags.ts';

/** Everything that the panel's templates read, worked out once per change. */
export interface MetricsPicture {
  readonly state: MetricsState;
  /** Runs of the panel, newest last, as the tree orders them. */
  readonly runs: readonly RunSummary[];
  /** Those that the run filter lets through: the list. */
  readonly listed: readonly RunSummary[];
  /** Those that charts draw. */
  readonly drawn: ReadonlySet<RunId>;
  readonly names: ReadonlyMap<RunId, string>;
  readonly styles: ReadonlyMap<string, RunStyle>;
  readonly groups: readonly TagGroup[];
  /** Number of charts without the tag filter. */
  readonly allTags: number;
  readonly tagFilter: TextFilter;
  readonly runFilter: TextFilter;
  /** Runs that the panel could show but was not asked to. */
  readonly otherRuns: number;
  readonly pendingDetails: number;
  readonly problems: readonly string[];
  readonly connected: boolean;
  readonly connectionMessage: string;
}

/** Which runs and tags the panel shows, out of what the extension tells and what the person chooses. Knows nothing of the screen. */
export class MetricsModel implements Disposable {
  readonly #owner = new Disposables();
  readonly #changed = this.#owner.add(new Emitter<void>());
  readonly #details: RunCache<RunDetail>;
  readonly #runs = new Map<RunId, RunSummary>();
  #chosen: readonly RunId[] = [];
  #state: MetricsState;
  #styles = new Map<string, RunStyle>();
  #connection = { connected: true, message: '' };
  #picture: MetricsPicture | undefined;

  /** Something that the picture shows is different. */
  readonly onChanged = this.#changed.event;

  constructor(state: MetricsState, details: RunCache<RunDetail>) {
    this.#state = state;
    this.#styles = new Map(Object.entries(state.styles));
    this.#details = details;
    this.#owner.add(details.onChanged(() => this.#touch()));
  }

  get state(): MetricsState {
    return this.#state;
  }

  get picture(): MetricsPicture {
    this.#picture ??= this.#work();
    return this.#picture;
  }

  /** Changes what the person can change. */
  update(change: Partial<MetricsState>): void {
    this.#state = { ...this.#state, ...change };
    this.#touch();
  }

  setRuns(runs: readonly RunSummary[], removed: readonly RunId[]): void {
    for (const run of runs) this.#runs.set(run.id, run);
    for (const id of removed) {
      this.#runs.delete(id);
      this.#details.forget(id);
    }
    this.#touch();
  }

  choose(runIds: readonly RunId[]): void {
    this.#chosen = runIds;
    this.#state = { ...this.#state, runIds, allRuns: runIds.length === 0 && this.#state.allRuns };
    this.#touch();
  }

  setConnection(connected: boolean, message: string): void {
    this.#connection = { connected, message };
    this.#touch();
  }

  /** Draws the run or not. */
  toggleHidden(runId: RunId): void {
    const hidden = new Set(this.#state.hidden);
    if (!hidden.delete(runId)) hidden.add(runId);
    this.update({ hidden: [...hidden], isolated: null });
  }

  /** Draws this run alone; a second time all of them again. */
  toggleIsolated(runId: RunId): void {
    const isolated = this.#state.isolated === runId ? null : runId;
    this.update({ isolated, hidden: this.#state.hidden.filter((id) => id !== runId) });
  }

  dispose(): void {
    this.#owner.dispose();
  }

  #touch(): void {
    this.#picture = undefined;
    this.#changed.fire();
  }

  #work(): MetricsPicture {
    const state = this.#state;
    const runs = this.#shownRuns();
    this.#styles = assignStyles(
      runs.map((run) => run.id),
      this.#styles,
    );
    this.#state = { ...state, styles: Object.fromEntries(this.#styles) };
    this.#details.want(runs.map((run) => run.id));
    const runFilter = parseFilter(state.runFilter);
    const tagFilter = parseFilter(state.tagFilter);
    const listed = runs.filter((run) => runFilter.test(`${run.name} ${run.labels.join(' ')} ${run.recipe ?? ''}`));
    const details = listed.map((run) => this.#details.get(run.id)).filter((detail) => detail !== undefined);
    const all = tagGroups(details, () => true);
    return {
      state: this.#state,
      runs,
      listed,
      drawn: drawnRuns(state, listed),
      names: new Map(runs.map((run) => [run.id, run.name])),
      styles: this.#styles,
      groups: state.tagFilter === '' ? all : tagGroups(details, (tag) => tagFilter.test(tag)),
      allTags: all.reduce((sum, group) => sum + group.cards.length, 0),
      tagFilter,
      runFilter,
      otherRuns: this.#runs.size - runs.length,
      pendingDetails: this.#details.pending,
      problems: this.#details.problems,
      connected: this.#connection.connected,
      connectionMessage: this.#connection.message,
    };
  }

  #shownRuns(): RunSummary[] {
    const ids = this.#state.allRuns ? this.#runs.keys() : this.#chosen;
    const runs = [...ids].map((id) => this.#runs.get(id)).filter((run) => run !== undefined);
    return runs.sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  }
}

/** A run that is isolated, or else all that are not hidden. */
export function drawnRuns(state: MetricsState, listed: readonly RunSummary[]): ReadonlySet<RunId> {
  const isolated = listed.find((run) => run.id === state.isolated);
  if (isolated !== undefined) return new Set([isolated.id]);
  const hidden = new Set(state.hidden);
  return new Set(listed.map((run) => run.id).filter((id) => !hidden.has(id)));
}
