import type { RunFacts } from '../../domain/records.ts';
import { isActive, type RunSource } from '../../domain/run.ts';
import { strongest } from './evidence.ts';

/** What one place of a run has told so far. */
export interface Telling {
  readonly source: RunSource;
  /** Which log it belongs to: of several places of one log, the last one knows how the run is now. */
  readonly log: string;
  readonly facts: RunFacts;
}

/** Who is asked first for what a run is called and how it was started: those who were told on purpose. Who kept the whole configuration comes before who kept some of it. */
const telling: readonly RunSource[] = [
  'trainyard',
  'hydra',
  'wandb',
  'mlflow',
  'trackio',
  'experiment-hub',
  'lightning',
  'hf-trainer',
  'dvclive',
  'registry',
  'slurm',
  'csv',
  'jsonl',
  'tensorboard',
];

/** A folder's name is no name that somebody gave, so a tracker's comes before Hydra's. */
const naming: readonly RunSource[] = [
  'trainyard',
  'wandb',
  'mlflow',
  'trackio',
  'experiment-hub',
  'registry',
  ...telling.filter((source) => source === 'hydra' || source === 'slurm' || source === 'hf-trainer'),
  'dvclive',
  'lightning',
  'csv',
  'jsonl',
  'tensorboard',
];

type Merge<K extends keyof RunFacts> = (tellings: readonly Telling[]) => RunFacts[K] | undefined;

const first =
  <K extends keyof RunFacts>(key: K, order: readonly RunSource[] = telling): Merge<K> =>
  (tellings) =>
    sorted(tellings, order).find(({ facts }) => isTold(facts[key]))?.facts[key];

const earliest =
  (key: 'createdAt' | 'startedAt'): Merge<'createdAt' | 'startedAt'> =>
  (tellings) => {
    const times = tellings.flatMap(({ facts }) => facts[key] ?? []);
    return times.length === 0 ? undefined : Math.min(...times);
  };

const union =
  <K extends 'console' | 'configFiles' | 'outputs' | 'trackerLabels' | 'restarts' | 'links' | 'artifacts' | 'shows'>(
    key: K,
  ): Merge<K> =>
  (tellings) => {
    const items = sorted(tellings, telling).flatMap(({ facts }): readonly unknown[] => facts[key] ?? []);
    const unique = [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
    return unique.length === 0 ? undefined : (unique as unknown as RunFacts[K]);
  };

/** How each fact of a run comes from those of its places. `sources` is filled in by who knows the tags. */
const merges: { readonly [K in keyof Required<Omit<RunFacts, 'sources'>>]: Merge<K> } = {
  id: first('id'),
  name: first('name', naming),
  status: (tellings) => lastWord(tellings)?.status,
  statusReason: (tellings) => lastWord(tellings)?.statusReason,
  statusEvidence: (tellings) => lastWord(tellings)?.statusEvidence,
  recipe: first('recipe'),
  device: first('device'),
  architecture: first('architecture'),
  createdAt: earliest('createdAt') as Merge<'createdAt'>,
  startedAt: earliest('startedAt') as Merge<'startedAt'>,
  endedAt: endOf,
  progress: furthest,
  config: first('config'),
  definitions: first('definitions'),
  command: first('command'),
  cwd: first('cwd'),
  commit: first('commit'),
  dirty: first('dirty'),
  resumedFrom: first('resumedFrom'),
  entry: first('entry'),
  target: first('target'),
  links: union('links'),
  restarts: union('restarts'),
  project: first('project'),
  group: first('group'),
  trackerId: first('trackerId'),
  trackerLabels: union('trackerLabels'),
  trackerNote: first('trackerNote'),
  host: first('host'),
  summary: first('summary'),
  console: union('console'),
  configFiles: union('configFiles'),
  outputs: union('outputs'),
  slurmJob: first('slurmJob'),
  shows: union('shows'),
  artifacts: union('artifacts'),
};

/** What all places of a run together say of it. Facts that nobody tells are absent. */
export function mergeFacts(tellings: readonly Telling[]): RunFacts {
  return Object.fromEntries(
    Object.entries(merges).flatMap(([key, merge]) => {
      const value = (merge as Merge<keyof RunFacts>)(tellings);
      return value === undefined ? [] : [[key, value]];
    }),
  ) as RunFacts;
}

/** Whether the word of one kind of source counts more than that of another. */
export function countsBefore(one: RunSource, other: RunSource): boolean {
  return telling.indexOf(one) < telling.indexOf(other);
}

function sorted(tellings: readonly Telling[], order: readonly RunSource[]): readonly Telling[] {
  return [...tellings].sort((a, b) => order.indexOf(a.source) - order.indexOf(b.source));
}

/** An empty configuration says nothing. */
function isTold(value: unknown): boolean {
  if (value === undefined || value === '') return false;
  return typeof value !== 'object' || value === null || Object.keys(value).length > 0;
}

/** The last place of each log that says anything about the run's state. */
function words(tellings: readonly Telling[]): readonly Telling[] {
  const last = new Map(tellings.filter(({ facts }) => facts.status !== undefined).map((each) => [each.log, each]));
  return sorted([...last.values()], telling);
}

function lastWord(tellings: readonly Telling[]): RunFacts | undefined {
  return strongest(words(tellings))?.facts;
}

/** Who knows how it ended knows best when. A run that goes on has no end. */
function endOf(tellings: readonly Telling[]): number | undefined {
  const word = lastWord(tellings);
  if (word?.status !== undefined && isActive(word.status)) return undefined;
  const ends = words(tellings).flatMap(({ facts }) => facts.endedAt ?? []);
  return word?.endedAt ?? (ends.length === 0 ? undefined : Math.max(...ends));
}

function furthest(tellings: readonly Telling[]): RunFacts['progress'] {
  const told = tellings.flatMap(({ facts }) => facts.progress ?? []);
  return told.reduce<RunFacts['progress']>(
    (best, progress) => (best === undefined || progress.step > best.step ? progress : best),
    undefined,
  );
}
