import type { Checkpoint } from '../domain/checkpoint.ts';
import type { MetricDefinition } from '../domain/metricDefinition.ts';
import {
  listArchitectureCheckpoints,
  listForeignCheckpoints,
  listLinkedCheckpoints,
  listRunCheckpoints,
} from '../readers/checkpoints/list.ts';
import type { LastSteps } from './lastSteps.ts';
import { launchRecordOf } from './launching/again.ts';
import { isInside } from './runs/folders.ts';
import type { LiveRun } from './runs/liveRun.ts';
import type { RunCatalog } from './runs/runCatalog.ts';
import type { RunViews } from './runs/runViews.ts';

const parallelFolders = 32;

/** What a list of checkpoints is made with. */
interface ListSources {
  readonly catalog: RunCatalog;
  readonly views: RunViews;
  readonly lastSteps: LastSteps;
}

/** All checkpoints below a folder: those of its runs, and those that the project keeps by architecture. */
export async function listCheckpoints(
  { catalog, views, lastSteps }: ListSources,
  folder: string,
): Promise<readonly Checkpoint[]> {
  const runs = [...catalog.all()].filter(({ found }) => isInside(found.path, folder));
  const listed: Checkpoint[] = [];
  for (let from = 0; from < runs.length; from += parallelFolders) {
    const batch = runs.slice(from, from + parallelFolders);
    const lists = await Promise.all(
      batch.map((run) =>
        run.found.source === 'trainyard' ? checkpointsOf(catalog, views, run) : foreignCheckpoints(run),
      ),
    );
    listed.push(...lists.flat());
  }
  const known = new Set(listed.map(({ path }) => path));
  const others = (await listArchitectureCheckpoints(folder)).filter(({ path }) => !known.has(path));
  const owners = new Map(runs.filter(({ facts }) => facts.entry !== undefined).map((run) => [run.facts.name, run]));
  const all = [
    ...distinct(listed),
    ...others.map((checkpoint) => withOwner(checkpoint, owners.get(checkpoint.runName))),
  ];
  return await lastSteps.added(all);
}

/** Two runs may name one folder, a log within the other's: the first one has it. */
function distinct(checkpoints: readonly Checkpoint[]): readonly Checkpoint[] {
  return [
    ...new Map(checkpoints.toReversed().map((checkpoint) => [checkpoint.path, checkpoint])).values(),
  ].toReversed();
}

/** The checkpoint that a run would go on from: its live one, else the one that was written last. Undefined where it has none. */
export async function lastCheckpointOf(
  catalog: RunCatalog,
  views: RunViews,
  run: LiveRun,
): Promise<Checkpoint | undefined> {
  const own = await checkpointsOf(catalog, views, run);
  const all = own.length > 0 ? own : await namedCheckpoints(run);
  const newestFirst = [...all].sort((a, b) => b.modifiedAt - a.modifiedAt);
  return newestFirst.find(({ isLast }) => isLast) ?? newestFirst[0];
}

/** Those that the project keeps by architecture under the run's name. */
async function namedCheckpoints(run: LiveRun): Promise<readonly Checkpoint[]> {
  const listed = await listArchitectureCheckpoints(run.found.root);
  return listed.filter(({ runName }) => runName !== undefined && runName === run.facts.name);
}

/** A checkpoint that names its run, `archive/<run>_epoch_0010.pt`, belongs to the run that was launched under this name. */
function withOwner(checkpoint: Checkpoint, run: LiveRun | undefined): Checkpoint {
  if (run === undefined) return checkpoint;
  return { ...checkpoint, runId: run.id, resumable: canResume(run) };
}

/** Whether the entry point that was launched knows how to go on from a checkpoint. */
function canResume(run: LiveRun): boolean {
  return (launchRecordOf(run.found.path)?.commandLaunch?.entry?.resume ?? []).length > 0;
}

async function checkpointsOf(catalog: RunCatalog, views: RunViews, run: LiveRun): Promise<readonly Checkpoint[]> {
  const { name, architecture, recipe } = views.summary(run);
  const owner = { run: run.found, name, ...(architecture === undefined ? {} : { architecture }) };
  const own = await listRunCheckpoints(owner);
  const found = [...own, ...(await linkedCheckpoints(run, owner))].map((checkpoint) => ({
    ...checkpoint,
    runId: run.id,
    ...(recipe === undefined ? {} : { recipe }),
  }));
  const metric = catalog.definitionsOf(run).find(({ primary, direction }) => primary === true && direction !== 'none');
  return metric === undefined || found.length === 0 ? found : withBest(catalog, run, metric, found);
}

/** What the program of a command wrote to the folders that are linked to its run. */
async function linkedCheckpoints(
  run: LiveRun,
  about: { readonly name: string; readonly architecture?: string },
): Promise<readonly Checkpoint[]> {
  if (run.facts.entry === undefined) return [];
  return listLinkedCheckpoints(run.facts.links ?? [], { ...about, resumable: canResume(run) });
}

/**
 * What a run of another tool left in its own folders: its place, the places where it was logged too, and what its log names as output. Files that hold
 * several runs are no folder of one, and neither is the folder of the whole workspace.
 */
async function foreignCheckpoints(run: LiveRun): Promise<readonly Checkpoint[]> {
  const { found, facts } = run;
  const own = [found, ...(found.parts ?? [])]
    .filter(({ key, path }) => key === undefined && path !== found.root)
    .map(({ path }) => path);
  const { architecture } = facts;
  const about = { name: facts.name ?? found.name, ...(architecture === undefined ? {} : { architecture }) };
  const listed = await listForeignCheckpoints([...new Set([...own, ...(facts.outputs ?? [])])], about);
  return listed.map((checkpoint) => ({ ...checkpoint, runId: run.id }));
}

/** Marks the checkpoint at whose step the metric was best: the value is the last one logged up to that step. */
function withBest(
  catalog: RunCatalog,
  run: LiveRun,
  { tag, direction }: MetricDefinition,
  checkpoints: readonly Checkpoint[],
): readonly Checkpoint[] {
  if (!run.series.has(tag)) return checkpoints;
  const columns = catalog.cache.get(run, tag);
  const { steps, values } = columns.points(0, columns.length);
  let best: { readonly path: string; readonly value: number } | undefined;
  for (const { path, step, isLast } of checkpoints) {
    const value = step === undefined || isLast ? Number.NaN : valueUpTo(steps, values, step);
    const isBetter = best === undefined || (direction === 'minimize' ? value < best.value : value > best.value);
    if (!Number.isNaN(value) && isBetter) best = { path, value };
  }
  if (best === undefined) return checkpoints;
  const { path, value } = best;
  return checkpoints.map((checkpoint) =>
    checkpoint.path === path ? { ...checkpoint, best: { tag, value } } : checkpoint,
  );
}

function valueUpTo(steps: Float64Array, values: Float64Array, step: number): number {
  for (let index = steps.length - 1; index >= 0; index--) {
    if (steps[index]! <= step && Number.isFinite(values[index]!)) return values[index]!;
  }
  return Number.NaN;
}
