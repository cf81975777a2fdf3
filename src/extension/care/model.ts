import type { WorkerEvents } from '../../protocol/worker.ts';

export type CareWarning = WorkerEvents['care.warning'];

/** Warnings that hold at the moment, by key. */
export type Warnings = ReadonlyMap<string, CareWarning>;

/** The warnings after another was told. `isNew`: it was not known, so a person should hear of it once. */
export function takeWarning(
  warnings: Warnings,
  warning: CareWarning,
): { readonly warnings: Warnings; readonly isNew: boolean } {
  const next = new Map(warnings);
  if (warning.over) next.delete(warning.key);
  else next.set(warning.key, warning);
  return { warnings: next, isNew: !warning.over && !warnings.has(warning.key) };
}

/** "Disk nearly full", or "3 warnings"; undefined where there is none. */
export function statusText(warnings: Warnings): string | undefined {
  if (warnings.size === 0) return undefined;
  if (warnings.size > 1) return `$(warning) ${warnings.size} warnings`;
  const [only] = warnings.values();
  const { message } = only!;
  return `$(warning) ${message.length <= 40 ? message : `${message.slice(0, 39)}…`}`;
}

export function sentenceOf({ message, hint }: CareWarning): string {
  return hint === undefined ? message : `${message} ${hint}`;
}
