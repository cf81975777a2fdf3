import * as vscode from 'vscode';
import type { FolderSettings } from '../protocol/worker.ts';
import { type SettingName, settingDefaults } from './contributions.ts';

/** The value of a setting, with its type. A value of another type than the default counts as not set. */
export function setting<Name extends SettingName>(name: Name, scope?: vscode.Uri): (typeof settingDefaults)[Name] {
  const fallback = settingDefaults[name];
  const value: unknown = vscode.workspace.getConfiguration('trainyard', scope ?? null).get(name);
  const fits = Array.isArray(fallback)
    ? Array.isArray(value) && value.every((item) => typeof item === 'string')
    : typeof value === typeof fallback;
  return fits ? (value as (typeof settingDefaults)[Name]) : fallback;
}

/** What the worker needs to know of the settings for one folder. */
export function folderSettings(folder: vscode.Uri): FolderSettings {
  return {
    exclude: setting('exclude', folder),
    pollSeconds: setting('pollSeconds', folder),
  };
}
