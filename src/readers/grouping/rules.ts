import path from 'node:path';
import type { RunSource } from '../../domain/run.ts';
import type { Components } from './components.ts';
import type { Link, Place } from './places.ts';

/**
 * What the layout of folders alone tells of places that are one run. The rules are asked in this order; a later one sees what the earlier ones joined.
 * They are written down for people in docs/trackers.md.
 */
export const layoutRules: readonly ((places: readonly Place[], joined: Components) => readonly Link[])[] = [
  resumedWandb,
  hparamsFolders,
  oneFolder,
  versionSiblings,
  trainerLogs,
  hydraAround,
];

const wandbDirectory = /^(?:offline-)?run-(\d{8}_\d{6})-([^/]+)$/;
/** Ids that W&B drew itself mean one run wherever they stand; one that a person chose may be used again elsewhere. */
const drawnId = /^(?=.*\d)(?=.*[a-z])[a-z0-9]{8}$/;

/** Directories of W&B with one id go on where the one before ended. The same directory name twice is a copy, and stays a run of its own. */
function resumedWandb(places: readonly Place[]): readonly Link[] {
  const byId = groupBy(places, ({ run }) => {
    const id = run.source === 'wandb' ? wandbDirectory.exec(path.basename(run.path))?.[2] : undefined;
    if (id === undefined) return undefined;
    return drawnId.test(id) ? id : `${path.dirname(run.path)}\0${id}`;
  });
  return [...byId.values()].flatMap((group) => {
    const sorted = [...group].sort((a, b) => (startOf(a) < startOf(b) ? -1 : 1));
    const distinct = sorted.filter((place, index) => index === 0 || startOf(place) !== startOf(sorted[index - 1]!));
    return distinct.slice(1).map((other, index): Link => {
      return { one: distinct[index]!, other, why: 'Both have the same W&B id.', continues: true };
    });
  });
}

function startOf({ run }: Place): string {
  return wandbDirectory.exec(path.basename(run.path))?.[1] ?? '';
}

/** `SummaryWriter.add_hparams` of PyTorch writes to a folder of its own below the log, named by the time (torch/utils/tensorboard/writer.py). */
function hparamsFolders(places: readonly Place[]): readonly Link[] {
  const logs = new Map(places.filter(isEventLog).map((place) => [place.folder, place]));
  return places.filter(isEventLog).flatMap((other): readonly Link[] => {
    const one = logs.get(path.dirname(other.folder));
    if (one === undefined || !/^\d{10}(\.\d+)?$/.test(path.basename(other.folder))) return [];
    return [{ one, other, why: 'The writer put hyperparameters into a folder of their own.' }];
  });
}

/** Logs whose place says nothing about other logs beside them: many jobs print into one folder, and a registry tells of runs elsewhere. */
const looseSources: ReadonlySet<RunSource> = new Set(['slurm', 'registry']);

/** What different loggers wrote into one folder. Several places of one kind there are several runs, so they prove nothing. */
function oneFolder(places: readonly Place[], joined: Components): readonly Link[] {
  const inFolders = places.filter(({ run }) => run.key === undefined && !looseSources.has(run.source));
  return [...groupBy(inFolders, ({ folder }) => folder).values()].flatMap((group) =>
    linkSingles(group, joined, 'Both lie in one folder.'),
  );
}

const loggerNames = /csv|tensorboard|(^|_)tb(_|$)|wandb|lightning|mlflow/i;

/** `csv/version_3` and `tensorboard/version_3` of Lightning: paths that differ in the logger's name only. */
function versionSiblings(places: readonly Place[], joined: Components): readonly Link[] {
  const versions = places.filter(({ folder }) => /^version_\d+$/.test(path.basename(folder)));
  const keyed = versions.flatMap((place) => withoutLogger(place.folder).map((key) => ({ key, place })));
  return [...groupBy(keyed, ({ key }) => key).values()].flatMap((group) =>
    linkSingles(
      group.map(({ place }) => place),
      joined,
      'Both are the same version, each in the folder of its logger.',
    ),
  );
}

/** The path with a logger's folder blanked out, near its end only. */
function withoutLogger(folder: string): readonly string[] {
  const names = folder.split(path.sep);
  return [names.length - 2, names.length - 3].flatMap((at) => {
    if (at < 1 || !loggerNames.test(names[at]!)) return [];
    return [names.map((name, index) => (index === at ? '*' : name)).join('/')];
  });
}

/** The Trainer of Hugging Face logs events to `runs/DATE_HOST` of its output folder (TrainingArguments.logging_dir). Several of them are several trainings, or one that was resumed: values decide. */
function trainerLogs(places: readonly Place[]): readonly Link[] {
  const below = groupBy(places.filter(isEventLog), ({ folder }) => path.dirname(folder));
  return places
    .filter(({ run }) => run.source === 'hf-trainer')
    .flatMap((one): readonly Link[] => {
      const [other, ...more] = below.get(path.join(one.folder, 'runs')) ?? [];
      if (other === undefined || more.length > 0) return [];
      return [{ one, other, why: 'The log lies in the output folder of the Trainer.' }];
    });
}

/** What lies in an output folder of Hydra, as far as one job can have written it: of each kind of log one. */
function hydraAround(places: readonly Place[], joined: Components): readonly Link[] {
  const outputs = outputFolders(places);
  if (outputs.size === 0) return [];
  const inside = groupBy(
    places.filter(({ run }) => run.source !== 'hydra'),
    ({ folder, run }) => nearest(folder, run.root, outputs)?.folder,
  );
  return [...inside].flatMap(([folder, group]) => {
    const output = outputs.get(folder!)!;
    const singles = singlesOf(group, joined).filter((place) => joined.of(place) !== joined.of(output));
    return singles.map((other): Link => {
      return { one: output, other, why: 'One lies in the output folder of Hydra that the other is.' };
    });
  });
}

/** The output folders of Hydra that belong to one job each. Where `run.dir` is `.` the repository itself is one, and what lies below it is of many. */
function outputFolders(places: readonly Place[]): ReadonlyMap<string, Place> {
  const all = new Map(places.filter(({ run }) => run.source === 'hydra').map((place) => [place.folder, place]));
  const projects = new Set<Place>();
  for (const place of all.values()) {
    const { root } = place.run;
    if (place.folder === root) projects.add(place);
    const around = place.folder === root ? undefined : nearest(path.dirname(place.folder), root, all);
    if (around !== undefined) projects.add(around);
  }
  return new Map([...all].filter(([, place]) => !projects.has(place)));
}

function nearest(folder: string, root: string, outputs: ReadonlyMap<string, Place>): Place | undefined {
  for (let at = folder; ; at = path.dirname(at)) {
    const output = outputs.get(at);
    if (output !== undefined || at === root || at === path.dirname(at)) return output;
  }
}

function isEventLog({ run }: Place): boolean {
  return run.source === 'tensorboard';
}

/** Links from the first of the places that are the only ones of their kind among all. */
function linkSingles(group: readonly Place[], joined: Components, why: string): readonly Link[] {
  const [one, ...others] = singlesOf(group, joined);
  return one === undefined ? [] : others.map((other) => ({ one, other, why }));
}

/** One place of each run so far, without runs that share a kind of log with another one. */
function singlesOf(group: readonly Place[], joined: Components): readonly Place[] {
  const runs = [...new Map(group.map((place) => [joined.of(place), place])).values()];
  const kindsOf = (place: Place) => new Set(joined.of(place).map(({ run }) => run.source));
  const count = new Map<RunSource, number>();
  for (const place of runs) for (const kind of kindsOf(place)) count.set(kind, (count.get(kind) ?? 0) + 1);
  return runs.filter((place) => [...kindsOf(place)].every((kind) => count.get(kind) === 1));
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K | undefined): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
