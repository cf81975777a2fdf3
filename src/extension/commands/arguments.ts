import type { RunId } from '../../domain/ids.ts';

/**
 * The runs that a command was called with. Menus give the row and, with several selected, all selected rows; rows of every tree that stand for a run have a
 * `runId`. Key bindings, tasks and tests give ids. Empty where nothing names a run.
 */
export function runIdsOf(args: readonly unknown[]): readonly RunId[] {
  const [first, second] = args;
  // A second list of plain texts belongs to a scripted call, such as labels.
  const several = Array.isArray(second) && second.some((row) => rowId(row) !== undefined) ? second : undefined;
  const rows = several ?? (Array.isArray(first) ? first : [first]);
  return [...new Set(rows.map((row) => textId(row) ?? rowId(row)).filter((id) => id !== undefined))];
}

function textId(row: unknown): RunId | undefined {
  return typeof row === 'string' && row !== '' ? (row as RunId) : undefined;
}

function rowId(row: unknown): RunId | undefined {
  const runId = typeof row === 'object' && row !== null ? (row as { runId?: unknown }).runId : undefined;
  return typeof runId === 'string' ? (runId as RunId) : undefined;
}

/** The second argument of a scripted call, where it has the wanted form: `rename(runId, 'new name')`. */
export function textArgument(args: readonly unknown[]): string | undefined {
  return typeof args[0] === 'string' && typeof args[1] === 'string' ? args[1] : undefined;
}
