import type { RunId } from '../../domain/ids.ts';
import type { LogEntry } from '../../domain/logEntry.ts';
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

/** A run that an entry names. */
export interface LinkedRunNode {
  readonly kind: 'linkedRun';
  readonly id: string;
  readonly runId: RunId;
  readonly run: RunSummary;
}

/** Phase → entry → the runs that it names, in the order of the file. Of several runs with one name the newest counts. */
export function collectEntries(entries: readonly LogEntry[], runs: Iterable<RunSummary>): readonly PhaseNode[] {
  const byName = newestByName(runs);
  const phases = new Map<string, { title: string; children: EntryNode[] }>();
  for (const entry of entries) {
    const id = `${entry.file}#${entry.phase}`;
    const phase = phases.get(id) ?? { title: entry.phase === '' ? 'Entries' : entry.phase, children: [] };
    phases.set(id, phase);
    const used = phase.children.filter(({ entry: other }) => other.title === entry.title).length;
    phase.children.push(entryNode(entry, `${id}#${entry.title}#${used}`, byName));
  }
  return [...phases].map(([id, { title, children }]) => ({ kind: 'phase', id: `phase/${id}`, title, children }));
}

function entryNode(entry: LogEntry, id: string, byName: ReadonlyMap<string, RunSummary>): EntryNode {
  const runs = [...new Set(entry.runNames)].map((name) => byName.get(name)).filter((run) => run !== undefined);
  const children = runs.map(
    (run) => ({ kind: 'linkedRun', id: `linked/${id}/${run.id}`, runId: run.id, run }) as const,
  );
  return { kind: 'entry', id: `entry/${id}`, entry, children };
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

/** How the status word of an entry looks; people write many, so only its beginning counts. */
export function entryLook(status: string): EntryLook {
  return looks.find(([pattern]) => pattern.test(status.toUpperCase()))?.[1] ?? { icon: 'note' };
}

/** What a screen reader says of an entry. */
export function entrySpeech({ title, status, phase }: LogEntry): string {
  return [title, status.toLowerCase(), phase].filter((part) => part !== '').join(', ');
}
