import * as vscode from 'vscode';
import { describeField } from '../../domain/config.ts';
import type { Json } from '../../domain/json.ts';
import {
  type OverrideForm,
  type OverrideRow,
  overrideRows,
  typedValue,
  withOverride,
  withoutOverride,
} from './overrides.ts';
import { type Answer, runStep, type StepPlace } from './wizard.ts';

interface OverrideItem extends vscode.QuickPickItem {
  readonly row: OverrideRow;
}

const resetButton: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon('discard'),
  tooltip: 'Take back this change',
};

/**
 * Lets the person change any number of keys. Keys are found by typing a part of their name or meaning; choosing one writes `key=` into the field; the
 * value is checked while it is typed. Enter on an empty field goes on.
 */
export async function overridesStep(place: StepPlace, initial: OverrideForm): Promise<Answer<readonly string[]>> {
  const pick = vscode.window.createQuickPick<OverrideItem>();
  let form = initial;
  pick.placeholder = 'key=value, or choose a key; Enter to go on';
  pick.matchOnDescription = true;
  pick.matchOnDetail = true;
  // The order of the rows says what matters; without this VS Code would scroll to the former row.
  pick.keepScrollPosition = false;
  const draw = (): void => {
    pick.items = overrideRows(form, pick.value).map(overrideItem);
    const first = pick.items[0];
    if (first !== undefined && first.row.kind !== 'field') pick.activeItems = [first];
  };
  const take = (overrides: readonly string[]): void => {
    form = { ...form, overrides };
    pick.value = '';
    draw();
  };
  draw();
  return await runStep<readonly string[]>(pick, place, (finish, owned) => {
    owned.add(pick.onDidChangeValue(draw));
    owned.add(
      pick.onDidAccept(() => {
        const row = pick.activeItems[0]?.row;
        if (row?.kind === 'continue') finish(form.overrides);
        if (row?.kind === 'set') take(withOverride(form.overrides, row.text));
        if (row?.kind === 'field') {
          pick.value = `${row.field.key}=${row.field.choices === undefined && row.field.type !== 'boolean' ? prefill(row.value) : ''}`;
          draw();
        }
      }),
    );
    owned.add(
      pick.onDidTriggerItemButton(({ item }) => {
        if (item.row.kind === 'field') take(withoutOverride(form.overrides, item.row.field.key));
      }),
    );
  });
}

function overrideItem(row: OverrideRow): OverrideItem {
  switch (row.kind) {
    case 'continue':
      return {
        row,
        label: '$(arrow-right) Continue',
        description: row.changed === 0 ? 'with the configuration as it stands' : `with ${row.changed} changed`,
        alwaysShow: true,
      };
    case 'set':
      return {
        row,
        label: `$(check) Set ${row.text}`,
        description: describeField(row.field),
        detail: row.field.description,
        alwaysShow: true,
      };
    case 'problem':
      return { row, label: `$(warning) ${row.message}`, alwaysShow: true };
    case 'field':
      return fieldItem(row);
  }
}

function fieldItem(row: Extract<OverrideRow, { kind: 'field' }>): OverrideItem {
  const { field, value, former, overridden } = row;
  const unit = field.unit === undefined || field.unit === '' ? '' : ` ${field.unit}`;
  const missing = field.required === true && value === null;
  const shown = missing ? 'must be given' : shownValue(value, unit);
  return {
    row,
    label: overridden ? `$(edit) ${field.key}` : missing ? `$(warning) ${field.key}` : field.key,
    description: overridden ? `${shown} (was ${shownValue(former, unit)})` : shown,
    detail: `${field.description} ${capital(describeField(field))}.`,
    buttons: overridden ? [resetButton] : [],
  };
}

/** A key without a value says so; many recipes choose one then, and their descriptions tell which. */
function shownValue(value: Json, unit: string): string {
  return value === null ? 'not set' : `${typedValue(value)}${unit}`;
}

function prefill(value: Json): string {
  return value === null ? '' : typedValue(value);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
