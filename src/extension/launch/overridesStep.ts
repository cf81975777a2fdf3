import * as vscode from 'vscode';
import { describeError } from '../../base/errors.ts';
import { type ConfigField, describeField, type PathContent } from '../../domain/config.ts';
import type { DataColumns } from '../../domain/dataColumns.ts';
import type { DataPlace } from '../../domain/dataPlace.ts';
import type { Json } from '../../domain/json.ts';
import { interrupt } from '../ui/interruptions.ts';
import { formatSize } from '../ui/numbers.ts';
import { columnsOf, type DataPath, namedData } from './formColumns.ts';
import type { OverrideForm } from './overrideForm.ts';
import { type OverrideRow, overrideRows, typedValue, withOverride, withoutOverride } from './overrides.ts';
import { type Answer, runStep, type StepPlace } from './wizard.ts';

interface OverrideItem extends vscode.QuickPickItem {
  readonly row: OverrideRow;
}

const resetButton: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon('discard'),
  tooltip: 'Take back this change',
};

/** Where paths and names of columns come from: what lies in the folder, and VS Code's dialogs. */
export interface PathHelp {
  find(holds: PathContent): Promise<readonly DataPlace[]>;
  /** What the data at a path call their columns. */
  columns(data: DataPath): Promise<DataColumns>;
  /** A path as it is written into the configuration, or undefined where the person gave up. */
  browse(field: ConfigField, wanted: 'file' | 'folder'): Promise<string | undefined>;
}

/**
 * Lets the person change any number of keys. Keys are found by typing a part of their name or meaning; choosing one writes `key=` into the field; the
 * value is checked while it is typed. Enter on an empty field goes on, or asks for the first key that must be given. With `help`, keys that are paths
 * offer what was found, and keys that name columns of the data offer these.
 */
export async function overridesStep(
  place: StepPlace,
  initial: OverrideForm,
  help?: PathHelp,
): Promise<Answer<readonly string[]>> {
  const pick = vscode.window.createQuickPick<OverrideItem>();
  let form: OverrideForm = help === undefined ? initial : { ...initial, places: new Map(), columns: new Map() };
  pick.placeholder = 'key=value, or choose a key; Enter to go on';
  pick.matchOnDescription = true;
  pick.matchOnDetail = true;
  // The order of the rows says what matters; without this VS Code would scroll to the former row.
  pick.keepScrollPosition = false;
  const asked = new Set<string>();
  const draw = (): void => {
    // Values come in an order that says something, what the data have first, say; keys that fit what is typed by their names.
    sortByLabel(pick, !pick.value.includes('='));
    pick.items = overrideRows(form, pick.value).map(overrideItem);
    const first = pick.items[0];
    if (first !== undefined && first.row.kind !== 'field') pick.activeItems = [first];
  };
  const take = (overrides: readonly string[], typed = ''): void => {
    form = { ...form, overrides };
    pick.value = typed;
    draw();
    lookForColumns();
  };
  /** Of data that a change has named, what their columns are called comes a moment later. */
  const lookForColumns = (): void => {
    for (const data of namedData(form)) {
      if (help === undefined || asked.has(data.path)) continue;
      asked.add(data.path);
      pick.busy = true;
      void help
        .columns(data)
        .catch((error: unknown): DataColumns => ({ columns: [], source: '', isAll: false, why: describeError(error) }))
        .then((found) => {
          form = { ...form, columns: new Map([...(form.columns ?? []), [data.path, found]]) };
          pick.busy = false;
          draw();
        });
    }
  };
  /** Writes `key=` into the field; what is offered for the key follows when it was found. */
  const ask = (field: ConfigField, text: string): void => {
    pick.value = `${field.key}=${text}`;
    draw();
    if (help === undefined || field.holds === undefined || form.places?.has(field.key) === true) return;
    pick.busy = true;
    void help
      .find(field.holds)
      .catch(() => [])
      .then((found) => {
        form = { ...form, places: new Map([...(form.places ?? []), [field.key, found]]) };
        pick.busy = false;
        draw();
      });
  };
  const browse = async (field: ConfigField, wanted: 'file' | 'folder'): Promise<void> => {
    const chosen = await interrupt(async () => help?.browse(field, wanted));
    // A list that went for a dialog comes back without its rows, so they are drawn anew in either case.
    if (chosen === undefined) draw();
    else take(withOverride(form.overrides, `${field.key}=${chosen}`));
  };
  draw();
  lookForColumns();
  return await runStep<readonly string[]>(pick, place, (finish, owned) => {
    owned.add(pick.onDidChangeValue(draw));
    owned.add(
      pick.onDidAccept(() => {
        const row = pick.activeItems[0]?.row;
        if (row?.kind === 'continue') finish(form.overrides);
        // Where several can be named, the next one is asked for until the person takes what is there.
        if (row?.kind === 'set') take(withOverride(form.overrides, row.text), row.column?.more ? `${row.text},` : '');
        if (row?.kind === 'give') ask(row.field, '');
        if (row?.kind === 'browse') void browse(row.field, row.wanted);
        if (row?.kind === 'field') ask(row.field, startOf(row, columnsOf(form, row.field) !== undefined));
      }),
    );
    owned.add(
      pick.onDidTriggerItemButton(({ item }) => {
        if (item.row.kind === 'field') take(withoutOverride(form.overrides, item.row.field.key));
      }),
    );
  });
}

/**
 * Whether rows that fit what is typed are put into the order of their labels. VS Code has had the switch since 2020 without documenting it
 * (https://github.com/microsoft/vscode/issues/73904); where it goes away, rows are sorted again.
 */
function sortByLabel(pick: vscode.QuickPick<OverrideItem> & { sortByLabel?: boolean }, isSorted: boolean): void {
  pick.sortByLabel = isSorted;
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
    case 'give':
      return {
        row,
        label: `$(arrow-right) Choose ${row.field.key}`,
        description: row.wrong ?? 'must be given before the run can start',
        detail: row.field.description,
        alwaysShow: true,
      };
    case 'set':
      return setItem(row);
    case 'further':
      return { row, label: `$(ellipsis) ${row.count} more`, description: 'type a part of the name', alwaysShow: true };
    case 'browse':
      return {
        row,
        label: row.wanted === 'folder' ? '$(folder-opened) Choose a folder…' : '$(file) Choose a file…',
        description: `for ${row.field.key}`,
        alwaysShow: true,
      };
    case 'problem':
      return { row, label: `$(warning) ${row.message}`, alwaysShow: true };
    case 'field':
      return fieldItem(row);
  }
}

function setItem(row: Extract<OverrideRow, { kind: 'set' }>): OverrideItem {
  const { text, field, place, column } = row;
  if (place !== undefined)
    return {
      row,
      label: `$(${place.isFolder ? 'folder' : 'file'}) ${text}`,
      description: aboutPlace(place),
      alwaysShow: true,
    };
  if (column !== undefined)
    return { row, label: `$(symbol-field) ${text}`, description: column.about, alwaysShow: true };
  return {
    row,
    label: `$(check) Set ${text}`,
    description: describeField(field),
    detail: field.description,
    alwaysShow: true,
  };
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

/** "3 classes of images", "12 kB". */
function aboutPlace({ what, sizeBytes }: DataPlace): string {
  return [what, sizeBytes === undefined ? '' : formatSize(sizeBytes)].filter((part) => part !== '').join(', ');
}

/** What stands behind `key=` at first: the present value, unless values, places or columns are offered. */
function startOf({ field, value }: Extract<OverrideRow, { kind: 'field' }>, hasColumns: boolean): string {
  if (hasColumns) return field.column?.many === true && value !== '' ? `${typedValue(value)},` : '';
  const isOffered = field.choices !== undefined || field.type === 'boolean' || field.holds !== undefined;
  return isOffered || value === null ? '' : typedValue(value);
}

/** A key without a value says so; many recipes choose one then, and their descriptions tell which. */
function shownValue(value: Json, unit: string): string {
  return value === null || value === '' ? 'not set' : `${typedValue(value)}${unit}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
