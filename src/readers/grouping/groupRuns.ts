import type { FoundRun, RunPart } from '../../domain/records.ts';
import type { RunSource } from '../../domain/run.ts';
import { type AreApart, Components } from './components.ts';
import { type Link, type Place, toPlace } from './places.ts';
import { layoutRules } from './rules.ts';

/** What was decided of two places before: by their values, or by the user. */
export interface Verdict {
  /** `placeKey` of each. */
  readonly one: string;
  readonly other: string;
  readonly verdict: 'same' | 'apart';
  /** The evidence, as a sentence. */
  readonly why: string;
  /** `one` stands for the run, whatever else belongs to it. */
  readonly leads?: true;
}

export interface GroupOptions {
  readonly verdicts?: readonly Verdict[];
  /** Whether a place (by its `placeKey`) stands for a run already: it goes on doing so, since ids and labels hang on it. */
  readonly leads?: (id: string) => boolean;
}

/** Which place stands for a run of several: the one that people would call the run. Folders around everything come first, mere records of it last. */
const leadOrder: readonly RunSource[] = [
  'trainyard',
  'hydra',
  'wandb',
  'mlflow',
  'trackio',
  'experiment-hub',
  'hf-trainer',
  'dvclive',
  'lightning',
  'csv',
  'jsonl',
  'tensorboard',
  'registry',
  'slurm',
];

/**
 * Puts places together that are one run: those that the layout of the folders tells (`layoutRules`), and those of the verdicts. "Apart" wins over
 * everything. Pure; each run comes out once, with its parts, in the order of the lead's place in `runs`.
 */
export function groupRuns(runs: readonly FoundRun[], { verdicts = [], leads }: GroupOptions = {}): readonly FoundRun[] {
  const places = runs.map(toPlace);
  // Runs of ours look after their own links.
  const foreign = places.filter(({ run }) => run.source !== 'trainyard');
  const joined = new Components(foreign, apartBy(verdicts));
  const decided = linksOf(verdicts, foreign);
  for (const { link, isUsers } of decided) if (isUsers) joined.join(link);
  for (const rule of layoutRules) for (const link of rule(foreign, joined)) joined.join(link);
  for (const { link, isUsers } of decided) if (!isUsers) joined.join(link);
  const linksByPlace = byPlace(joined.links);
  const weightOf = weightBy(verdicts, leads);
  const done = new Set<readonly Place[]>();
  return places.flatMap((place) => {
    if (place.run.source === 'trainyard') return [place.run];
    const members = joined.of(place);
    if (done.has(members)) return [];
    done.add(members);
    return [members.length === 1 ? place.run : toRun(members, linksByPlace, weightOf)];
  });
}

/** Who was chosen to stand for a run comes before who does so already, and both before the others. */
function weightBy(verdicts: readonly Verdict[], leads: GroupOptions['leads']): (id: string) => number {
  const chosen = new Set(verdicts.filter((verdict) => verdict.leads).map(({ one }) => one));
  return (id) => (chosen.has(id) ? 0 : leads?.(id) === true ? 1 : 2);
}

function apartBy(verdicts: readonly Verdict[]): AreApart {
  const apart = new Set<string>();
  for (const { one, other, verdict } of verdicts) {
    if (verdict !== 'apart') continue;
    apart.add(`${one}\n${other}`);
    apart.add(`${other}\n${one}`);
  }
  return (one, other) => apart.size > 0 && apart.has(`${one}\n${other}`);
}

/** Links of verdicts. The user's come before those of the layout, those of evidence after them. */
function linksOf(
  verdicts: readonly Verdict[],
  places: readonly Place[],
): readonly { readonly link: Link; readonly isUsers: boolean }[] {
  if (verdicts.length === 0) return [];
  const byId = new Map(places.map((place) => [place.id, place]));
  return verdicts.flatMap(({ one, other, verdict, why, leads }) => {
    const [a, b] = [byId.get(one), byId.get(other)];
    if (verdict !== 'same' || a === undefined || b === undefined) return [];
    return [{ link: { one: a, other: b, why }, isUsers: leads === true }];
  });
}

function byPlace(links: readonly Link[]): ReadonlyMap<Place, readonly Link[]> {
  const map = new Map<Place, Link[]>();
  for (const link of links)
    for (const place of [link.one, link.other]) map.set(place, [...(map.get(place) ?? []), link]);
  return map;
}

/** A log is a place with all those that go on where it ended, in order. */
type Log = readonly Place[];

function toRun(
  members: readonly Place[],
  links: ReadonlyMap<Place, readonly Link[]>,
  weightOf: (id: string) => number,
): FoundRun {
  const weight = (log: Log) => Math.min(...log.map(({ id }) => weightOf(id)));
  const sorted = [...logsOf(members, links)].sort((a, b) => weight(a) - weight(b) || compareLogs(a, b));
  const lead = sorted[0]![0]!;
  const whys = reasons(lead, links);
  const parts = sorted.flatMap((log) =>
    log.map(({ run }, index): RunPart & { readonly place: Place } => ({
      source: run.source,
      path: run.path,
      ...(run.key === undefined ? {} : { key: run.key }),
      why: whys.get(log[index]!) ?? 'It is one run with the others.',
      ...(index > 0 ? { continues: true as const } : {}),
      place: log[index]!,
    })),
  );
  return { ...lead.run, parts: parts.filter(({ place }) => place !== lead).map(({ place: _, ...part }) => part) };
}

function logsOf(members: readonly Place[], links: ReadonlyMap<Place, readonly Link[]>): readonly Log[] {
  const nextOf = (place: Place) =>
    links.get(place)?.find(({ one, continues }) => one === place && continues === true)?.other;
  const later = new Set(members.map(nextOf));
  return members
    .filter((place) => !later.has(place))
    .map((first) => {
      const log = [first];
      for (let next = nextOf(first); next !== undefined; next = nextOf(next)) log.push(next);
      return log;
    });
}

function compareLogs([a]: Log, [b]: Log): number {
  const order = leadOrder.indexOf(a!.run.source) - leadOrder.indexOf(b!.run.source);
  return order || (a!.id < b!.id ? -1 : 1);
}

/** Why each place belongs to the run, by the links that lead to it from the lead. */
function reasons(lead: Place, links: ReadonlyMap<Place, readonly Link[]>): ReadonlyMap<Place, string> {
  const whys = new Map<Place, string>();
  const open = [lead];
  for (let place = open.shift(); place !== undefined; place = open.shift()) {
    for (const { one, other, why } of links.get(place) ?? []) {
      const next = one === place ? other : one;
      if (next === lead || whys.has(next)) continue;
      whys.set(next, why);
      open.push(next);
    }
  }
  return whys;
}
