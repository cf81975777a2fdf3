import path from 'node:path';
import type { EntryPoint } from '../../domain/entryPoint.ts';
import { hydraArguments } from './configKeys.ts';
import type { FindContext } from './draft.ts';

/**
 * Scripts that hand unknown arguments on to the Hydra program beside them (`launcher.py --backend local run_name=a model=unet`) take its overrides too:
 * they call `parse_known_args`, and speak of overrides.
 */
export function linkLaunchers(entries: readonly EntryPoint[], context: FindContext): readonly EntryPoint[] {
  const programs = entries.filter(({ kind, role }) => kind === 'hydra' && role === 'train');
  return entries.map((entry) => {
    if (entry.kind !== 'script' || entry.file === undefined) return entry;
    const program = programs.find(({ file }) => path.dirname(file ?? '') === path.dirname(entry.file!));
    if (program?.hydra === undefined || !handsOn(context.read(entry.file) ?? '')) return entry;
    return {
      ...entry,
      takes: 'hydra',
      hydra: program.hydra,
      reason: `Hands overrides on to ${path.basename(program.file!)}, which has @hydra.main.`,
      ...hydraArguments(program.hydra, context),
    };
  });
}

function handsOn(text: string): boolean {
  return /parse_known_args|REMAINDER|nargs\s*=\s*["']\*["']/.test(text) && /overrides?\b/i.test(text);
}
