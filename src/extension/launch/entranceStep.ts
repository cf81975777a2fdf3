import * as vscode from 'vscode';
import { toErrorInfo } from '../../base/errors.ts';
import type { App } from '../app.ts';
import { type Launchables, type LaunchChoice, launchRow, launchSections } from './entryRows.ts';
import { isFavourite, type KeptItem, readMemory, toggleFavourite } from './history.ts';
import { type Answer, runStep } from './wizard.ts';

/** Where favourites and history stand in the state of the workspace. */
export const MEMORY = 'trainyard.launches';

/** What was chosen first, and all that there was to choose from. */
export interface Chosen {
  readonly choice: LaunchChoice;
  readonly launchables: Launchables;
}

/** Asks what to launch: favourites, the latest launches, what the repository has of its own, recipes. Undefined when the person gave up. */
export async function entranceStep(app: App, folder: string, title: string): Promise<Chosen | undefined> {
  const pick = vscode.window.createQuickPick<ChoiceItem>();
  pick.placeholder = 'What to train: an entry point, a former launch, a recipe';
  pick.matchOnDescription = true;
  pick.matchOnDetail = true;
  pick.busy = true;
  let launchables: Launchables = {
    folder,
    entries: [],
    pipelines: [],
    recipes: [],
    problems: [],
    memory: readMemory(app.context.workspaceState.get(MEMORY)),
  };
  const draw = (): void => {
    pick.items = itemsOf(launchables);
  };
  draw();
  const abort = new AbortController();
  const load = async (): Promise<void> => {
    launchables = await loadLaunchables(app, launchables, abort.signal);
    if (abort.signal.aborted) return;
    pick.busy = false;
    draw();
  };
  const place = { title, step: 1, totalSteps: 6, canGoBack: false };
  const answer: Answer<LaunchChoice> = await runStep(pick, place, (finish, owned) => {
    void load();
    owned.add(
      pick.onDidAccept(() => {
        const choice = pick.activeItems[0]?.choice;
        if (choice !== undefined && choice.kind !== 'problem') finish(choice);
      }),
    );
    owned.add(
      pick.onDidTriggerItemButton(({ item: { choice } }) => {
        const kept = choice === undefined ? undefined : keptOf(choice, folder);
        if (kept === undefined) return;
        launchables = { ...launchables, memory: toggleFavourite(launchables.memory, kept) };
        void app.context.workspaceState.update(MEMORY, launchables.memory);
        draw();
      }),
    );
  });
  abort.abort();
  return answer.kind === 'value' ? { choice: answer.value, launchables } : undefined;
}

/** What cannot be found becomes a sentence in the list: recipes can be launched where the repository's own cannot be read. */
async function loadLaunchables(app: App, before: Launchables, signal: AbortSignal): Promise<Launchables> {
  const { folder } = before;
  const [recipes, own] = await Promise.all([
    app.worker.call('recipes.list', {}, signal).catch(failed),
    app.worker.call('entries.list', { folder }, signal).catch(failed),
  ]);
  return {
    ...before,
    recipes: 'sentence' in recipes ? [] : recipes.recipes,
    entries: 'sentence' in own ? [] : own.entries,
    pipelines: 'sentence' in own ? [] : own.pipelines,
    problems: [recipes, own].flatMap((answer) =>
      'sentence' in answer ? [answer.sentence] : 'problems' in answer ? answer.problems : [],
    ),
  };
}

function failed(error: unknown): { readonly sentence: string } {
  return { sentence: toErrorInfo(error).message };
}

interface ChoiceItem extends vscode.QuickPickItem {
  readonly choice?: LaunchChoice;
}

const star: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon('star-empty'),
  tooltip: 'Add to the favourites',
};
const unstar: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon('star-full'),
  tooltip: 'Take out of the favourites',
};

function itemsOf(launchables: Launchables): ChoiceItem[] {
  return launchSections(launchables).flatMap(({ title, choices }) => [
    { label: title, kind: vscode.QuickPickItemKind.Separator },
    ...choices.map((choice) => choiceItem(choice, launchables)),
  ]);
}

function choiceItem(choice: LaunchChoice, { folder, memory }: Launchables): ChoiceItem {
  const { label, description, detail, icon } = launchRow(choice, folder);
  const kept = keptOf(choice, folder);
  return {
    choice,
    label,
    description,
    ...(detail === undefined ? {} : { detail }),
    iconPath: new vscode.ThemeIcon(icon),
    buttons: kept === undefined ? [] : [isFavourite(memory, kept.launch) ? unstar : star],
  };
}

/** What a favourite of this row would be: the launch as it was, or the entry point as it stands. */
function keptOf(choice: LaunchChoice, folder: string): KeptItem | undefined {
  const target = { name: 'local' };
  switch (choice.kind) {
    case 'kept':
      return choice.item;
    case 'entry': {
      const request = { folder, entry: choice.entry.id, arguments: [], target };
      return { title: choice.entry.title, launch: { kind: 'command', request } };
    }
    case 'recipe': {
      const request = { folder, recipe: choice.recipe.id, overrides: [], device: 'auto' } as const;
      return { title: choice.recipe.title, launch: { kind: 'recipe', request } };
    }
    default:
      return undefined;
  }
}
