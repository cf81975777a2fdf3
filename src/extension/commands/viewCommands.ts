import * as vscode from 'vscode';
import type { App } from '../app.ts';
import { filterFields } from '../runs/filter.ts';
import { groupings, groupingTitles, sortings, sortingTitles } from '../runs/viewState.ts';

/** Looks for runs again and draws all views. After an error this is the way to try again. */
export async function refresh(app: App): Promise<void> {
  app.runs.redraw();
  app.checkpoints.refresh();
  app.experimentLog.reload();
  app.queue.refresh();
  await app.feed.load();
  await (await app.launching.parts()).look();
  await Promise.all(app.feed.openFolders.map((folder) => app.worker.call('folder.refresh', { folder })));
}

/** Filters while the person types; Escape brings the former filter back. */
export async function filterRuns(app: App, ...args: readonly unknown[]): Promise<void> {
  if (typeof args[0] === 'string') return app.runs.setState({ filter: args[0] });
  const former = app.runs.state.filter;
  const box = vscode.window.createInputBox();
  box.title = 'Filter Runs';
  box.value = former;
  box.placeholder = 'Words in name, tags, recipe or status';
  box.prompt = `All words must match; -word leaves out; ${filterFields.map((field) => `${field}:`).join(' ')} look at one field`;
  await new Promise<void>((resolve) => {
    let accepted = false;
    let timer: NodeJS.Timeout | undefined;
    box.onDidChangeValue((filter) => {
      clearTimeout(timer);
      timer = setTimeout(() => app.runs.setState({ filter }), 80);
    });
    box.onDidAccept(() => {
      accepted = true;
      box.hide();
    });
    box.onDidHide(() => {
      clearTimeout(timer);
      app.runs.setState({ filter: accepted ? box.value : former });
      resolve();
    });
    box.show();
  });
  box.dispose();
}

export function clearFilter(app: App): void {
  app.runs.setState({ filter: '' });
}

export async function groupRuns(app: App, ...args: readonly unknown[]): Promise<void> {
  const given = groupings.find((one) => one === args[0]);
  const chosen = given ?? (await pickOne('Group Runs By', groupings, groupingTitles, app.runs.state.grouping));
  if (chosen !== undefined) app.runs.setState({ grouping: chosen });
}

export async function sortRuns(app: App, ...args: readonly unknown[]): Promise<void> {
  const given = sortings.find((one) => one === args[0]);
  const chosen = given ?? (await pickOne('Sort Runs By', sortings, sortingTitles, app.runs.state.sorting));
  if (chosen !== undefined) app.runs.setState({ sorting: chosen });
}

export function showArchived(app: App): void {
  app.runs.setState({ showArchived: true });
}

export function hideArchived(app: App): void {
  app.runs.setState({ showArchived: false });
}

async function pickOne<T extends string>(
  title: string,
  values: readonly T[],
  titles: { readonly [V in T]: string },
  current: T,
): Promise<T | undefined> {
  const items = values.map((value) => ({ label: titles[value], description: value === current ? 'now' : '', value }));
  // The present one stands first, so that Enter changes nothing.
  items.sort((a, b) => Number(b.value === current) - Number(a.value === current));
  const picked = await vscode.window.showQuickPick(items, { title });
  return picked?.value;
}
