import * as vscode from 'vscode';
import type { RunId } from '../../domain/ids.ts';
import type { App } from '../app.ts';
import { viewIds } from '../contributions.ts';
import { LAST_DEVICE, type LaunchPlan } from './entrance.ts';

import { MEMORY } from './entranceStep.ts';
import { type KeptLaunch, keptCommand, keptRecipe, readMemory, remember } from './history.ts';

/** Starts what was decided, remembers it, and shows it. Gives the id of the run, sweep or pipeline run. */
export async function startPlan(app: App, plan: LaunchPlan): Promise<string | undefined> {
  switch (plan.kind) {
    case 'recipe': {
      const { runId } = await inView(viewIds.runs, () => app.worker.call('launch.start', plan.request));
      void app.context.workspaceState.update(LAST_DEVICE, plan.request.device);
      await keep(app, plan.title, keptRecipe(plan.request));
      return reveal(app, runId);
    }
    case 'command': {
      const { runId } = await inView(viewIds.runs, () => app.worker.call('command.launch', plan.request));
      await keep(app, plan.title, keptCommand(plan.request));
      return reveal(app, runId);
    }
    case 'sweep': {
      const { sweep } = await inView(viewIds.runs, () => app.worker.call('sweeps.start', plan.request));
      await keep(app, plan.title, keptCommand(plan.typed));
      const { revealSweep } = await import('../sweeps/commands.ts');
      await revealSweep(app, sweep);
      return sweep.id;
    }
    case 'pipeline': {
      const { launchPipelineOf } = await import('../pipelines/commands.ts');
      return await launchPipelineOf(app, plan.folder, plan.pipeline);
    }
  }
}

function reveal(app: App, runId: RunId): string {
  void app.runs.revealNew(runId).catch(() => undefined);
  return runId;
}

async function keep(app: App, title: string, launch: KeptLaunch): Promise<void> {
  const { workspaceState } = app.context;
  await workspaceState.update(MEMORY, remember(readMemory(workspaceState.get(MEMORY)), { title, launch }));
}

/** Shows progress in a view while something is under way. */
function inView<T>(viewId: string, task: () => Promise<T>): Promise<T> {
  return Promise.resolve(vscode.window.withProgress({ location: { viewId } }, task));
}
