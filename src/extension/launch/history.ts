import type { CommandLaunchRequest } from '../../domain/commandLaunch.ts';
import type { LaunchRequest } from '../../domain/launch.ts';

/** A launch that can be asked for again: without an id of its own, since each launch gets a new one. */
export type KeptLaunch =
  | { readonly kind: 'recipe'; readonly request: Omit<LaunchRequest, 'requestId'> }
  | { readonly kind: 'command'; readonly request: Omit<CommandLaunchRequest, 'requestId'> };

/** A kept launch as lists show it. */
export interface KeptItem {
  /** "train.py", "MeanFlow". */
  readonly title: string;
  readonly launch: KeptLaunch;
}

/** What this workspace keeps of launches. */
export interface LaunchMemory {
  readonly favourites: readonly KeptItem[];
  /** The latest first. */
  readonly history: readonly KeptItem[];
}

export const emptyMemory: LaunchMemory = { favourites: [], history: [] };

const HISTORY_LENGTH = 20;

/** Reads what was stored; anything of another form is left out. */
export function readMemory(stored: unknown): LaunchMemory {
  const { favourites, history } = (typeof stored === 'object' && stored !== null ? stored : {}) as {
    favourites?: unknown;
    history?: unknown;
  };
  return { favourites: keptItems(favourites), history: keptItems(history) };
}

/** The memory after a launch: it comes first in the history, once. */
export function remember(memory: LaunchMemory, item: KeptItem): LaunchMemory {
  const others = memory.history.filter((one) => keyOf(one.launch) !== keyOf(item.launch));
  return { ...memory, history: [item, ...others].slice(0, HISTORY_LENGTH) };
}

/** Adds to the favourites, or takes out what is one already. */
export function toggleFavourite(memory: LaunchMemory, item: KeptItem): LaunchMemory {
  const others = memory.favourites.filter((one) => keyOf(one.launch) !== keyOf(item.launch));
  const was = others.length < memory.favourites.length;
  return { ...memory, favourites: was ? others : [...others, item] };
}

export function isFavourite(memory: LaunchMemory, launch: KeptLaunch): boolean {
  return memory.favourites.some((one) => keyOf(one.launch) === keyOf(launch));
}

/** The last launch of an entry point, for values to begin with. */
export function lastOfEntry(memory: LaunchMemory, entry: string): Omit<CommandLaunchRequest, 'requestId'> | undefined {
  for (const { launch } of memory.history) {
    if (launch.kind === 'command' && launch.request.entry === entry) return launch.request;
  }
  return undefined;
}

/** Two launches are the same where everything but the run's name and what belongs to one run is. */
export function keyOf(launch: KeptLaunch): string {
  const { request } = launch;
  if (launch.kind === 'recipe') {
    const { recipe, configFile, overrides, device, folder } = launch.request;
    return JSON.stringify([launch.kind, folder, recipe, configFile, overrides, device]);
  }
  const { entry, command, target, gpus, cwd } = launch.request;
  return JSON.stringify([launch.kind, request.folder, entry, command, cwd, launch.request.arguments, target, gpus]);
}

/** What a launch is remembered by: single-use parts go. */
export function keptRecipe(request: LaunchRequest): KeptLaunch {
  const { requestId: _id, name: _name, resumeFrom: _resume, hold: _hold, ...rest } = request;
  return { kind: 'recipe', request: rest };
}

/** As `keptRecipe`, for a command. */
export function keptCommand(request: CommandLaunchRequest): KeptLaunch {
  const { folder, runsFolder, entry, command, cwd, env, target, gpus, labels, priority, retry } = request;
  const kept = { runsFolder, entry, command, cwd, env, gpus, labels, priority, retry };
  const given = Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined));
  return { kind: 'command', request: { ...given, folder, arguments: request.arguments, target } };
}

function keptItems(stored: unknown): readonly KeptItem[] {
  return Array.isArray(stored) ? stored.filter(isKeptItem) : [];
}

function isKeptItem(value: unknown): value is KeptItem {
  if (typeof value !== 'object' || value === null) return false;
  const { title, launch } = value as { title?: unknown; launch?: { kind?: unknown; request?: unknown } };
  if (typeof title !== 'string' || typeof launch?.request !== 'object' || launch.request === null) return false;
  const { folder, recipe, overrides, target, arguments: args } = launch.request as Record<string, unknown>;
  if (typeof folder !== 'string') return false;
  if (launch.kind === 'recipe') return typeof recipe === 'string' && Array.isArray(overrides);
  return launch.kind === 'command' && Array.isArray(args) && typeof target === 'object' && target !== null;
}
