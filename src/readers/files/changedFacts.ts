import type { RunFacts } from '../../domain/records.ts';

/** The facts that differ from those that were told before: an absent field means that nothing changed. */
export function changedFacts(told: RunFacts, now: RunFacts): RunFacts {
  const before = told as { readonly [name: string]: unknown };
  const changed = Object.entries(now).filter(([name, value]) => JSON.stringify(before[name]) !== JSON.stringify(value));
  return Object.fromEntries(changed) as RunFacts;
}
