import type { Checkpoint } from '../../domain/checkpoint.ts';
import { drawingRecipes } from '../../domain/checkpointUse.ts';
import type { RunId } from '../../domain/ids.ts';
import { count, formatAge, formatSize, formatValue } from '../ui/numbers.ts';

export interface ArchitectureNode {
  readonly kind: 'architecture';
  readonly id: string;
  readonly name: string;
  readonly children: readonly CheckpointRunNode[];
}

/** The checkpoints of one run, or those of nobody in particular (`runId` and the name are then missing). */
export interface CheckpointRunNode {
  readonly kind: 'checkpointRun';
  readonly id: string;
  /** The run with the newest checkpoint: the one that people look for. */
  readonly isNewest: boolean;
  readonly name: string;
  readonly runId?: RunId;
  readonly children: readonly CheckpointNode[];
}

export interface CheckpointNode {
  readonly kind: 'checkpoint';
  readonly id: string;
  readonly checkpoint: Checkpoint;
  readonly runId?: RunId;
}

/** Architecture → run → checkpoint. Runs with the newest checkpoint come first, within a run the highest step; "last" stands on top. */
export function collectCheckpoints(checkpoints: readonly Checkpoint[]): readonly ArchitectureNode[] {
  const byArchitecture = groupBy(checkpoints, ({ architecture }) => architecture);
  return [...byArchitecture]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, own]) => ({
      kind: 'architecture',
      id: `architecture/${name}`,
      name: name === '' ? 'Unknown network' : name,
      children: collectRuns(name, own),
    }));
}

function collectRuns(architecture: string, checkpoints: readonly Checkpoint[]): readonly CheckpointRunNode[] {
  const byRun = groupBy(checkpoints, ({ runId, runName }) => runId ?? runName ?? '');
  return [...byRun]
    .sort(([, a], [, b]) => newest(b) - newest(a))
    .map(([key, own], index) => {
      const { runId, runName } = own[0]!;
      const node = {
        kind: 'checkpointRun',
        isNewest: index === 0,
        id: `run/${architecture}/${key}`,
        name: runName ?? 'Without a run',
        children: collectFiles(own),
      } as const;
      return runId === undefined ? node : { ...node, runId };
    });
}

function collectFiles(checkpoints: readonly Checkpoint[]): readonly CheckpointNode[] {
  return [...checkpoints].sort(checkpointOrder).map((checkpoint) => {
    const node = { kind: 'checkpoint', id: `file/${checkpoint.path}`, checkpoint } as const;
    return checkpoint.runId === undefined ? node : { ...node, runId: checkpoint.runId };
  });
}

function checkpointOrder(a: Checkpoint, b: Checkpoint): number {
  if (a.isLast !== b.isLast) return a.isLast ? -1 : 1;
  return place(b) - place(a) || b.modifiedAt - a.modifiedAt || a.fileName.localeCompare(b.fileName);
}

function place({ step, epoch }: Checkpoint): number {
  return step ?? epoch ?? -1;
}

function newest(checkpoints: readonly Checkpoint[]): number {
  return Math.max(...checkpoints.map(({ modifiedAt }) => modifiedAt));
}

/** "step 1000", "last · step 1600", "epoch 10", "last", or the file's name. */
export function checkpointTitle({ step, epoch, isLast, fileName }: Checkpoint): string {
  const at = step !== undefined ? `step ${step}` : epoch === undefined ? undefined : `epoch ${epoch}`;
  if (isLast) return at === undefined ? 'last' : `last · ${at}`;
  return at ?? fileName;
}

/** What stands behind the title: size, age, and the value by which it is best. */
export function describeCheckpoint(checkpoint: Checkpoint, now: number): string {
  const { best } = checkpoint;
  const parts = [
    best === undefined ? '' : `best ${best.tag} ${formatValue(best.value)}`,
    formatSize(checkpoint.sizeBytes),
    formatAge(checkpoint.modifiedAt, now),
  ];
  return parts.filter((part) => part !== '').join(' · ');
}

/** "3 checkpoints · 42 MB". */
export function describeGroup(checkpoints: readonly Checkpoint[]): string {
  const bytes = checkpoints.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return `${count(checkpoints.length, 'checkpoint')} · ${formatSize(bytes)}`;
}

/** Words for `when` clauses. */
export function checkpointContext(checkpoint: Checkpoint): string {
  const { resumable, runId, recipe } = checkpoint;
  return [
    'checkpoint',
    resumable && runId !== undefined ? 'resumable' : '',
    isUsable(checkpoint) ? 'usable' : '',
    isUsable(checkpoint) && drawingRecipes.has(recipe!) ? 'drawing' : '',
  ]
    .filter(Boolean)
    .join(' ');
}

/** Whether Trainyard made it, and can measure it, draw from it and export it. */
export function isUsable({ recipe, format }: Checkpoint): boolean {
  return recipe !== undefined && format === 'safetensors';
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
