import type { CommandLaunchRequest } from '../../domain/commandLaunch.ts';
import type { SearchKind, SweepAxis, SweepRequest } from '../../domain/sweep.ts';
import type { ParseOverride } from './hydraRows.ts';

/** How the trials of a sweep are chosen. */
export interface SearchSettings {
  readonly search: SearchKind;
  readonly trials?: number;
  readonly metric?: string;
  readonly direction?: 'minimize' | 'maximize';
  readonly concurrency?: number;
}

/** Overrides taken apart: those that every trial has, and the dimensions of the sweep. */
export function splitSweep(
  overrides: readonly string[],
  parse: ParseOverride,
): { readonly common: readonly string[]; readonly axes: readonly SweepAxis[] } {
  const common: string[] = [];
  const axes: SweepAxis[] = [];
  for (const text of overrides) {
    const parsed = text.startsWith('-') ? { message: 'an argument' } : parse(text);
    // The axis keeps the sign, since `+key=` is needed in every trial where `key=` would be refused.
    const key = text.slice(0, Math.max(0, text.indexOf('='))).trim();
    if ('message' in parsed) common.push(text);
    else if (parsed.interval !== undefined) axes.push({ key, ...parsed.interval });
    else if (parsed.sweep !== undefined) axes.push({ key, values: parsed.sweep });
    else common.push(text);
  }
  return { common, axes };
}

/** How many trials a grid over the axes has; undefined where an axis is an interval, of which there is no grid. */
export function gridSize(axes: readonly SweepAxis[]): number | undefined {
  let size = 1;
  for (const axis of axes) {
    if (!('values' in axis)) return undefined;
    size *= axis.values.length;
  }
  return size;
}

/** "32, 64, 128", "0.001 … 0.1". */
export function describeAxis(axis: SweepAxis): string {
  if (!('values' in axis)) return `${axis.key}: ${axis.low} … ${axis.high}`;
  const shown = axis.values.slice(0, 6).join(', ');
  return `${axis.key}: ${shown}${axis.values.length > 6 ? `, … (${axis.values.length})` : ''}`;
}

/** The request that starts the sweep. */
export function sweepRequest(
  launch: CommandLaunchRequest,
  axes: readonly SweepAxis[],
  settings: SearchSettings,
  requestId: string,
): SweepRequest {
  const { name, hold: _hold, ...rest } = launch;
  return { requestId, ...(name === undefined ? {} : { name }), launch: rest, axes, ...settings };
}
