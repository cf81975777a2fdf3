import * as vscode from 'vscode';
import type { RpcClient } from '../protocol/rpc.ts';
import { type FolderSettings, trackerVariables, type WorkerEvents, type WorkerMethods } from '../protocol/worker.ts';
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

/** Folders elsewhere in which trackers keep runs, by the settings and the environment of this window. */
export async function trackerFolders(worker: RpcClient<WorkerMethods, WorkerEvents>): Promise<readonly string[]> {
  const environment = Object.fromEntries(trackerVariables.map((name) => [name, process.env[name]]));
  const trackio = setting('trackers.trackio');
  const further = setting('trackers.folders');
  if (!trackio && further.length === 0) return [];
  return (await worker.call('trackers.folders', { environment, trackio, further })).folders;
}
