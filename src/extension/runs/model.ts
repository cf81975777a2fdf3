import type { RunId } from '../../domain/ids.ts';
import type { RunSummary } from '../../domain/run.ts';
import { runFilter } from './filter.ts';
import { type GroupFacts, groupOf } from './grouping.ts';
import { runOrder, sortKey } from './sorting.ts';
import { initialViewState, type RunsViewState } from './viewState.ts';

/** A row of the tree. Rows keep their identity while they exist, so that VS Code keeps selection and expansion. */
export interface RunNode {
  readonly kind: 'run';
  readonly runId: RunId;
  run: RunSummary;
  group: GroupNode;
}

export interface GroupNode {
  readonly kind: 'group';
  readonly key: string;
  facts: GroupFacts;
  runs: RunNode[];
}

/** What a tree must draw again: nothing, some rows (a group with its children), or everything. */
export type TreeChange =
  | { readonly kind: 'none' }
  | { readonly kind: 'rows'; readonly rows: readonly (RunNode | GroupNode)[] }
  | { readonly kind: 'all' };

/**
 * The runs as the tree shows them: filtered, grouped, sorted. Pure data, no VS Code. A change touches only the groups that it concerns,
 * because live runs change several times a second among ten thousand that do not.
 */
export class RunsModel {
  readonly #runs = new Map<RunId, RunSummary>();
  readonly #nodes = new Map<RunId, RunNode>();
  #groups: GroupNode[] = [];
  #view: RunsViewState = initialViewState;
  #passes: (run: RunSummary) => boolean = () => true;
  readonly #now: () => Date;

  constructor(now: () => Date = () => new Date()) {
    this.#now = now;
  }

  get view(): RunsViewState {
    return this.#view;
  }

  /** Groups in order; empty ones do not exist. */
  get groups(): readonly GroupNode[] {
    return this.#groups;
  }

  /** The first level of the tree: groups, or the runs themselves where nothing is grouped. */
  get roots(): readonly (GroupNode | RunNode)[] {
    return this.#view.grouping === 'none' ? (this.#groups[0]?.runs ?? []) : this.#groups;
  }

  /** Every run that is known, shown or not. */
  get runs(): ReadonlyMap<RunId, RunSummary> {
    return this.#runs;
  }

  get shownCount(): number {
    return this.#nodes.size;
  }

  node(runId: RunId): RunNode | undefined {
    return this.#nodes.get(runId);
  }

  /** Shows the runs in another way. */
  setView(view: RunsViewState): TreeChange {
    this.#view = view;
    const filter = runFilter(view.filter);
    this.#passes = (run) => (view.showArchived || !run.archived) && filter(run);
    this.#rebuild();
    return { kind: 'all' };
  }

  /** Forgets all runs and takes these. */
  replaceAll(runs: readonly RunSummary[]): TreeChange {
    this.#runs.clear();
    for (const run of runs) this.#runs.set(run.id, run);
    this.#rebuild();
    return { kind: 'all' };
  }

  /** Takes new and changed runs, and forgets removed ones. */
  apply(changed: readonly RunSummary[], removed: readonly RunId[]): TreeChange {
    const touched = new Set<GroupNode>();
    const rows: RunNode[] = [];
    const before = this.#groups.length;
    for (const runId of removed) {
      this.#runs.delete(runId);
      const node = this.#nodes.get(runId);
      if (node !== undefined) touched.add(this.#takeOut(node));
    }
    for (const run of changed) this.#applyOne(run, touched, rows);
    return this.#settle(touched, rows, before);
  }

  #applyOne(run: RunSummary, touched: Set<GroupNode>, rows: RunNode[]): void {
    this.#runs.set(run.id, run);
    const node = this.#nodes.get(run.id);
    const shown = this.#passes(run);
    const facts = groupOf(run, this.#view.grouping, this.#now());
    if (node === undefined && !shown) return;
    if (node !== undefined && shown && this.#keepsPlace(node, run, facts)) {
      node.run = run;
      rows.push(node);
      return;
    }
    if (node !== undefined) touched.add(this.#takeOut(node));
    if (shown) touched.add(this.#putIn(run, facts, node));
  }

  #keepsPlace(node: RunNode, run: RunSummary, facts: GroupFacts): boolean {
    const { sorting } = this.#view;
    return (
      node.group.key === facts.key &&
      Object.is(sortKey(node.run, sorting), sortKey(run, sorting)) &&
      node.run.createdAt === run.createdAt
    );
  }

  #takeOut(node: RunNode): GroupNode {
    this.#nodes.delete(node.runId);
    node.group.runs = node.group.runs.filter((other) => other !== node);
    return node.group;
  }

  /** Adds the run at the end of its group; `#settle` sorts. A row that only moves stays the same object. */
  #putIn(run: RunSummary, facts: GroupFacts, old: RunNode | undefined): GroupNode {
    let group = this.#groups.find(({ key }) => key === facts.key);
    if (group === undefined) {
      group = { kind: 'group', key: facts.key, facts, runs: [] };
      this.#groups.push(group);
    }
    const node: RunNode = old ?? { kind: 'run', runId: run.id, run, group };
    node.run = run;
    node.group = group;
    group.runs.push(node);
    this.#nodes.set(run.id, node);
    return group;
  }

  #settle(touched: ReadonlySet<GroupNode>, rows: readonly RunNode[], groupsBefore: number): TreeChange {
    if (touched.size === 0) return rows.length === 0 ? { kind: 'none' } : { kind: 'rows', rows };
    for (const group of touched) this.#sortRuns(group);
    const emptied = [...touched].some((group) => group.runs.length === 0);
    const added = this.#groups.length !== groupsBefore;
    if (emptied) this.#groups = this.#groups.filter((group) => group.runs.length > 0);
    if (added) this.#sortGroups();
    if (emptied || added || this.#view.grouping === 'none') return { kind: 'all' };
    return { kind: 'rows', rows: [...touched, ...rows.filter((row) => !touched.has(row.group))] };
  }

  #rebuild(): void {
    const old = new Map(this.#nodes);
    const oldGroups = new Map(this.#groups.map((group) => [group.key, group]));
    const now = this.#now();
    const groups = new Map<string, GroupNode>();
    this.#nodes.clear();
    for (const run of this.#runs.values()) {
      if (!this.#passes(run)) continue;
      const facts = groupOf(run, this.#view.grouping, now);
      const group = groups.get(facts.key) ?? reuseGroup(oldGroups.get(facts.key), facts);
      groups.set(facts.key, group);
      const node: RunNode = old.get(run.id) ?? { kind: 'run', runId: run.id, run, group };
      node.run = run;
      node.group = group;
      group.runs.push(node);
      this.#nodes.set(run.id, node);
    }
    this.#groups = [...groups.values()];
    for (const group of this.#groups) this.#sortRuns(group);
    this.#sortGroups();
  }

  #sortRuns(group: GroupNode): void {
    const order = runOrder(this.#view.sorting);
    group.runs.sort((a, b) => order(a.run, b.run));
  }

  #sortGroups(): void {
    this.#groups.sort((a, b) => compareFacts(a.facts, b.facts));
  }
}

function reuseGroup(old: GroupNode | undefined, facts: GroupFacts): GroupNode {
  if (old === undefined) return { kind: 'group', key: facts.key, facts, runs: [] };
  old.facts = facts;
  old.runs = [];
  return old;
}

function compareFacts(a: GroupFacts, b: GroupFacts): number {
  if (a.order !== b.order) return a.order < b.order ? -1 : 1;
  return a.title.localeCompare(b.title);
}
