import * as vscode from 'vscode';
import type { Checkpoint } from '../../domain/checkpoint.ts';
import type { RunSummary } from '../../domain/run.ts';
import type { App } from '../app.ts';
import { checkpointTitle, describeCheckpoint } from '../checkpoints/model.ts';

/** The checkpoints of a run: the last one first, then the highest step. */
export async function ownCheckpoints(app: App, run: RunSummary): Promise<readonly Checkpoint[]> {
  const { checkpoints } = await app.worker.call('checkpoints.list', { folder: run.root });
  return checkpoints
    .filter(({ runId }) => runId === run.id)
    .sort((a, b) => Number(b.isLast) - Number(a.isLast) || (b.step ?? 0) - (a.step ?? 0));
}

/** Asks which one is meant, where there are several. Gives its path. */
export async function pickCheckpointOf(
  checkpoints: readonly Checkpoint[],
  title: string,
  placeHolder: string,
): Promise<string | undefined> {
  const now = Date.now() / 1000;
  const items = checkpoints.map((one) => ({
    label: `$(${one.best === undefined ? 'save' : 'star-full'}) ${checkpointTitle(one)}`,
    description: describeCheckpoint(one, now),
    ...(one.problem === undefined ? {} : { detail: one.problem }),
    path: one.path,
  }));
  if (items.length === 1) return items[0]!.path;
  return (await vscode.window.showQuickPick(items, { title, placeHolder }))?.path;
}
