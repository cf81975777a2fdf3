import type { RunStatus, RunSummary } from '../../domain/run.ts';
import { sourceLooks } from './sources.ts';
import type { Grouping } from './viewState.ts';

/** A group's identity, its name for people, and its place among the others. */
export interface GroupFacts {
  readonly key: string;
  readonly title: string;
  /** Groups are ordered by this text, then by title. */
  readonly order: string;
  /** A codicon, where the group has a picture. */
  readonly icon?: string;
}

/** The group of a run. `now` decides what "today" means. */
export function groupOf(run: RunSummary, grouping: Grouping, now: Date): GroupFacts {
  return groupers[grouping](run, now);
}

const groupers: { readonly [G in Grouping]: (run: RunSummary, now: Date) => GroupFacts } = {
  status: (run) => statusGroups[run.status],
  day: dayGroup,
  recipe: (run) => {
    if (run.recipe !== undefined) return { key: `recipe:${run.recipe}`, title: run.recipe, order: '0' };
    return bySource(run, run.source === 'trainyard' ? 'Unknown recipe' : sourceLooks[run.source].title);
  },
  project: (run) => named('project', run.project, 'No project'),
  group: (run) => {
    const project = run.project === undefined || run.group === undefined ? '' : `${run.project} / `;
    return named('group', run.group === undefined ? undefined : `${project}${run.group}`, 'No group');
  },
  source: (run) => bySource(run, sourceLooks[run.source].title),
  none: () => ({ key: 'all', title: 'All runs', order: '0' }),
};

const active: GroupFacts = { key: 'active', title: 'Running', order: '0' };
const waiting: GroupFacts = { key: 'waiting', title: 'Queued', order: '1' };
const failed: GroupFacts = { key: 'failed', title: 'Failed', order: '2' };
const finished: GroupFacts = { key: 'finished', title: 'Finished', order: '3' };
const stopped: GroupFacts = { key: 'stopped', title: 'Stopped', order: '4' };
const unknown: GroupFacts = { key: 'unknown', title: 'Unknown', order: '5' };

const statusGroups: { readonly [S in RunStatus]: GroupFacts } = {
  queued: waiting,
  starting: active,
  running: active,
  stopping: active,
  finished,
  stopped,
  failed,
  killed: failed,
  lost: failed,
  unknown,
};

function bySource({ source }: RunSummary, title: string): GroupFacts {
  return { key: `source:${source}`, title, order: '1', icon: sourceLooks[source].icon };
}

/** A group by a name of the tracker's own; runs without one come last. */
function named(what: string, name: string | undefined, none: string): GroupFacts {
  if (name === undefined || name === '') return { key: `${what}:`, title: none, order: '1' };
  return { key: `${what}:${name}`, title: name, order: '0' };
}

/** Days are counted in local time; the newest comes first. */
function dayGroup(run: RunSummary, now: Date): GroupFacts {
  const day = localDay(new Date(run.createdAt * 1000));
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  const names: { readonly [day: string]: string } = { [localDay(now)]: 'Today', [localDay(yesterday)]: 'Yesterday' };
  // The order sorts upwards, so the day is turned around digit by digit.
  const order = day.replace(/\d/g, (digit) => String(9 - Number(digit)));
  return { key: `day:${day}`, title: names[day] ?? day, order };
}

function localDay(date: Date): string {
  if (Number.isNaN(date.getTime())) return '0000-00-00';
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
