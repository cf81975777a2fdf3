import * as vscode from 'vscode';
import type { HydraForm, HydraGroup } from '../../domain/entryPoint.ts';
import { count } from '../ui/numbers.ts';
import {
  chosenText,
  groupOverride,
  type HydraRow,
  hydraRows,
  overrideKey,
  type ParseOverride,
  shownJson,
  typedHydraValue,
  withHydraOverride,
} from './hydraRows.ts';
import { type Answer, type Choice, pickStep, runStep, type StepPlace } from './wizard.ts';

type GroupChoice = { readonly kind: 'continue' } | { readonly kind: 'group'; readonly group: HydraGroup };

/** What a step over a Hydra program begins with. */
export interface HydraQuestion {
  readonly form: HydraForm;
  readonly overrides: readonly string[];
  readonly parse: ParseOverride;
  /** Shows the composed configuration in an editor. */
  readonly showConfig: (overrides: readonly string[]) => Promise<void>;
}

const configButton: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon('file-code'),
  tooltip: 'Show the composed configuration',
};
const takeBackButton: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon('discard'),
  tooltip: 'Take back this override',
};

/** Lets the person choose options of config groups: one group after the other, Enter on the first row goes on. Gives the overrides that say so. */
export async function groupsStep(place: StepPlace, question: HydraQuestion): Promise<Answer<readonly string[]>> {
  let { overrides } = question;
  for (;;) {
    const answer = await pickStep<GroupChoice>({
      place,
      placeholder: 'Choose parts of the configuration; Enter to go on',
      items: groupItems(question.form.groups, overrides),
    });
    if (answer.kind !== 'value') return answer;
    if (answer.value.kind === 'continue') return { kind: 'value', value: overrides };
    const { group } = answer.value;
    const option = await pickStep<string | undefined>({
      place: { ...place, canGoBack: true },
      placeholder: `Option of ${group.name}`,
      items: optionItems(group, overrides),
      active: (value) => value === optionOf(group, overrides),
    });
    if (option.kind === 'cancelled') return option;
    if (option.kind === 'value') overrides = withOption(group, overrides, option.value);
  }
}

function groupItems(groups: readonly HydraGroup[], overrides: readonly string[]): readonly Choice<GroupChoice>[] {
  const changed = groups.filter((group) => isOverridden(group, overrides)).length;
  return [
    {
      label: '$(arrow-right) Continue',
      description: changed === 0 ? 'with the groups as they stand' : `with ${count(changed, 'group')} changed`,
      alwaysShow: true,
      value: { kind: 'continue' },
    },
    ...groups.map((group) => ({
      label: isOverridden(group, overrides) ? `$(edit) ${group.name}` : group.name,
      description: optionOf(group, overrides) || 'none',
      detail: group.options.join(', '),
      value: { kind: 'group', group } as const,
    })),
  ];
}

function optionItems(group: HydraGroup, overrides: readonly string[]): readonly Choice<string | undefined>[] {
  const current = optionOf(group, overrides);
  const options: Choice<string | undefined>[] = group.options.map((option) => ({
    label: option === current ? `$(check) ${option}` : option,
    description: option === current ? (isOverridden(group, overrides) ? 'by an override' : 'in the configuration') : '',
    value: option,
  }));
  if (isOverridden(group, overrides))
    options.push({ label: '$(discard) Take back', description: 'as in the configuration', value: undefined });
  return options;
}

function isOverridden(group: HydraGroup, overrides: readonly string[]): boolean {
  return overrides.some((text) => overrideKey(text) === group.name);
}

/** The option that is chosen now: by an override, else by the configuration. */
function optionOf(group: HydraGroup, overrides: readonly string[]): string {
  const override = overrides.find((text) => overrideKey(text) === group.name);
  return override === undefined ? chosenText(group) : override.slice(override.indexOf('=') + 1);
}

function withOption(group: HydraGroup, overrides: readonly string[], option: string | undefined): readonly string[] {
  const former = overrides.find((text) => overrideKey(text) === group.name);
  if (option === undefined) return overrides.filter((text) => text !== former);
  // What the groups say holds under the overrides that there are, so a former one keeps its sign.
  if (former !== undefined) return withHydraOverride(overrides, `${former.slice(0, former.indexOf('='))}=${option}`);
  return option === chosenText(group) ? overrides : withHydraOverride(overrides, groupOverride(group, option));
}

interface RowItem extends vscode.QuickPickItem {
  readonly row: HydraRow;
}

/**
 * Lets the person change keys of the composed configuration by Hydra's own grammar. Choosing a key writes `key=` into the field; what is typed is checked
 * at every letter; Enter on an empty field goes on.
 */
export async function keysStep(place: StepPlace, question: HydraQuestion): Promise<Answer<readonly string[]>> {
  const pick = vscode.window.createQuickPick<RowItem>();
  let { overrides } = question;
  pick.placeholder = 'key=value, +key=value, ~key, a sweep key=1,2; or choose a key; Enter to go on';
  pick.matchOnDescription = true;
  pick.matchOnDetail = true;
  pick.keepScrollPosition = false;
  const draw = (): void => {
    pick.items = hydraRows({ ...question, overrides }, pick.value).map(rowItem);
    const first = pick.items[0];
    if (first !== undefined && first.row.kind !== 'key') pick.activeItems = [first];
  };
  const take = (changed: readonly string[]): void => {
    overrides = changed;
    pick.value = '';
    draw();
  };
  const write = (text: string): void => {
    pick.value = text;
    draw();
  };
  draw();
  return await runStep<readonly string[]>(
    pick,
    place,
    (finish, owned) => {
      owned.add(pick.onDidChangeValue(draw));
      owned.add(
        pick.onDidAccept(() => {
          const row = pick.activeItems[0]?.row;
          if (row?.kind === 'continue') finish(overrides);
          if (row?.kind === 'set') take(row.texts.reduce(withHydraOverride, overrides));
          if (row?.kind === 'given') write(row.text);
          if (row?.kind === 'key') write(`${row.key.key}=${row.key.missing ? '' : typedHydraValue(row.key.value)}`);
        }),
      );
      owned.add(
        pick.onDidTriggerItemButton(({ item: { row } }) => {
          if (row.kind === 'given') take(overrides.filter((text) => text !== row.text));
        }),
      );
      owned.add(
        pick.onDidTriggerButton((button) => {
          if (button === configButton) void question.showConfig(overrides);
        }),
      );
    },
    [configButton],
  );
}

function rowItem(row: HydraRow): RowItem {
  switch (row.kind) {
    case 'continue':
      return { row, label: '$(arrow-right) Continue', description: continueText(row), alwaysShow: true };
    case 'set':
      return { row, label: `$(check) Set ${row.texts.join('  ')}`, description: row.note, alwaysShow: true };
    case 'problem': {
      // A row is one line wide, so the advice behind the first sentence gets a line of its own.
      const [, first, advice] = /^(.*?[.?])(?:\s+(.*))?$/s.exec(row.message) ?? [undefined, row.message];
      const detail = advice === undefined ? {} : { detail: advice };
      return { row, label: `$(warning) ${first}`, ...detail, alwaysShow: true };
    }
    case 'given':
      return {
        row,
        label: `$(edit) ${row.text}`,
        description: row.isSweep ? 'sweep' : '',
        buttons: [takeBackButton],
      };
    case 'key': {
      const { key, value, missing, comment } = row.key;
      return {
        row,
        label: missing ? `$(warning) ${key}` : key,
        description: missing ? 'must be given' : shownJson(value),
        ...(comment === undefined ? {} : { detail: comment }),
      };
    }
  }
}

function continueText({ changed, sweeps, missing }: Extract<HydraRow, { kind: 'continue' }>): string {
  const parts = [
    changed === 0 ? 'with the configuration as it stands' : `with ${count(changed, 'override')}`,
    sweeps === 0 ? '' : `a sweep over ${count(sweeps, 'key')}`,
    missing === 0 ? '' : `${count(missing, 'key')} will be asked for`,
  ];
  return parts.filter((part) => part !== '').join(' · ');
}
