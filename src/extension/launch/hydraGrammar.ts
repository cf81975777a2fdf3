import type { HydraGroup } from '../../domain/entryPoint.ts';
import { sweepValues } from '../../domain/hydra/expand.ts';
import { parseHydraOverride } from '../../domain/hydra/parse.ts';
import { type HydraOverride, type HydraSweep, isSweep } from '../../domain/hydra/values.ts';
import type { ParsedOverride } from './hydraRows.ts';

/** Takes an override apart for the form, by Hydra's grammar. `groups` are needed for `glob(…)` only. */
export function parseHydra(
  text: string,
  groups: readonly HydraGroup[] = [],
): ParsedOverride | { readonly message: string } {
  const parsed = parseHydraOverride(text);
  if (!parsed.ok) return { message: parsed.problem.message };
  const { kind, key, value } = parsed.override;
  const plain = { operation: kind, key };
  if (value === undefined || !isSweep(value)) return plain;
  return { ...plain, ...axisOf(parsed.override, value, groups) };
}

function axisOf(
  { key }: HydraOverride,
  sweep: HydraSweep,
  groups: readonly HydraGroup[],
): Pick<ParsedOverride, 'sweep' | 'interval'> | { readonly message: string } {
  if (sweep.kind === 'interval') {
    // Ends are whole numbers only where `int(interval(…))` asks for whole values.
    const isWhole = sweep.start.kind === 'integer' && sweep.end.kind === 'integer';
    return {
      interval: {
        low: Number(sweep.start.value),
        high: Number(sweep.end.value),
        ...(sweep.tags.includes('log') ? { log: true } : {}),
        ...(isWhole ? { integer: true } : {}),
      },
    };
  }
  const groupOptions = (name: string): readonly string[] => groups.find((group) => group.name === name)?.options ?? [];
  const values = sweepValues(sweep, key, { groupOptions });
  return values.ok ? { sweep: values.value } : { message: values.message };
}
