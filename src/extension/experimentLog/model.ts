import type { RunId } from '../../domain/ids.ts';
import type { LogEntry, LogLink } from '../../domain/logEntry.ts';
import type { RunSummary } from '../../domain/run.ts';

export interface PhaseNode {
  readonly kind: 'phase';
  readonly id: string;
  readonly title: string;
  readonly children: readonly EntryNode[];
}

export interface EntryNode {
  readonly kind: 'entry';
  readonly id: string;
  readonly entry: LogEntry;
  readonly children: readonly LinkedRunNode[];
}

/** A run that an entry is about. */
export interface LinkedRunNode {
  readonly kind: 'linkedRun';
  readonly id: string;
  readonly runId: RunId;
  readonly run: RunSummary;
  /** Why they belong together, where the worker said it. */
  readonly why?: string;
}

/**
 * Phase → entry → the runs that it is about, in the order of the file: those that the worker linked, then those of a name in the entry that came since; of
 * several runs with one name the newest.
 */
export function collectEntries(
  entries: readonly LogEntry[],
  runs: Iterable<RunSummary>,
  links: readonly LogLink[] = [],
): readonly PhaseNode[] {
  const all = [...runs];
  const runsOf = linkedRuns(all, links);
  const phases = new Map<string, { title: string; children: EntryNode[] }>();
  for (const entry of entries) {
    const id = `${entry.file}#${entry.phase}`;
    const phase = phases.get(id) ?? { title: entry.phase === '' ? 'Entries' : entry.phase, children: [] };
    phases.set(id, phase);
    const used = phase.children.filter(({ entry: other }) => other.title === entry.title).length;
    phase.children.push(entryNode(entry, `${id}#${entry.title}#${used}`, runsOf(entry)));
  }
  return [...phases].map(([id, { title, children }]) => ({ kind: 'phase', id: `phase/${id}`, title, children }));
}

type Linked = Pick<LinkedRunNode, 'run' | 'why'>;

function entryNode(entry: LogEntry, id: string, runs: readonly Linked[]): EntryNode {
  const children = runs.map(
    (linked) => ({ kind: 'linkedRun', id: `linked/${id}/${linked.run.id}`, runId: linked.run.id, ...linked }) as const,
  );
  return { kind: 'entry', id: `entry/${id}`, entry, children };
}

function linkedRuns(runs: readonly RunSummary[], links: readonly LogLink[]): (entry: LogEntry) => readonly Linked[] {
  const byId = new Map(runs.map((run) => [run.id, run]));
  const byName = newestByName(runs);
  const byPlace = new Map<string, Linked[]>();
  for (const { file, line, runId, why } of links) {
    const run = byId.get(runId);
    if (run === undefined) continue;
    const place = `${file}#${line}`;
    byPlace.set(place, [...(byPlace.get(place) ?? []), { run, why }]);
  }
  return ({ file, line, runNames }) => {
    const linked = byPlace.get(`${file}#${line}`) ?? [];
    const named = runNames.map((name) => byName.get(name)).filter((run) => run !== undefined);
    const known = new Set(linked.map(({ run }) => run));
    return [...linked, ...[...new Set(named)].filter((run) => !known.has(run)).map((run) => ({ run }))];
  };
}

/** Runs are known by their name, and by the name of their directory where they were renamed. */
function newestByName(runs: Iterable<RunSummary>): ReadonlyMap<string, RunSummary> {
  const byName = new Map<string, RunSummary>();
  const oldestFirst = [...runs].sort((a, b) => a.createdAt - b.createdAt);
  for (const run of oldestFirst) byName.set(run.path.replace(/.*[\\/]/, ''), run);
  for (const run of oldestFirst) byName.set(run.name, run);
  return byName;
}

export interface EntryLook {
  readonly icon: string;
  readonly color?: string;
}

const looks: readonly (readonly [RegExp, EntryLook])[] = [
  [/^(COMPLETED?|DONE|FINISHED|SUCCESS)/, { icon: 'pass', color: 'testing.iconPassed' }],
  [/^(RUNNING|IN PROGRESS|ACTIVE)/, { icon: 'sync', color: 'charts.blue' }],
  [/^(FAILED|ERROR|KILLED|CRASHED)/, { icon: 'error', color: 'testing.iconFailed' }],
  [/^(PENDING|PLANNED|TODO|QUEUED|WAITING)/, { icon: 'clock', color: 'descriptionForeground' }],
  [/^(STOPPED|CANCELLED|ABANDONED|SKIPPED)/, { icon: 'circle-slash', color: 'descriptionForeground' }],
];

/** How the status word of an entry looks; people write many, so only its beginning counts, without the symbols before it. */
export function entryLook(status: string): EntryLook {
  const word = status.toUpperCase().replace(/^[^\p{L}]+/u, '');
  return looks.find(([pattern]) => pattern.test(word))?.[1] ?? { icon: 'note' };
}

/** What a screen reader says of an entry. */
export function entrySpeech({ title, status, phase }: LogEntry): string {
  return [title, status.toLowerCase(), phase].filter((part) => part !== '').join(', ');
}
