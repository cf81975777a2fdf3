import path from 'node:path';
import type { EntryPoint } from '../../domain/entryPoint.ts';
import type { SlurmSettings } from '../../domain/target.ts';
import { resourceOptions } from './options.ts';

/** What of a launch decides whether its command is a batch script for sbatch. */
export interface ScriptFacts {
  readonly entry: Pick<EntryPoint, 'kind' | 'command'> | undefined;
  /** The launch's argument vector, as this machine would start it. */
  readonly command: readonly string[];
}

/** Whether a launch on a cluster submits a batch script of the user's as it is, instead of one of ours around its command. */
export function isUserScript({ entry, command }: ScriptFacts): boolean {
  return entry?.kind === 'slurm' || path.basename(command[0] ?? '') === 'sbatch';
}

/**
 * Script and arguments for sbatch. Elsewhere than on a cluster the command is a shell that runs the script; sbatch takes the script alone.
 * `here` is the command as the cluster sees it, where its paths differ.
 */
export function scriptWords(facts: ScriptFacts, here: readonly string[] = facts.command): readonly string[] {
  const entry = facts.entry?.command ?? [];
  const isUnderShell = entry.length > 1 && entry[0] === facts.command[0];
  return isUnderShell || path.basename(here[0] ?? '') === 'sbatch' ? here.slice(1) : here;
}

/** The command line of sbatch for such a script, as far as it is known before the run has an id: `--comment`, which carries it, comes in addition. */
export function submitCommand(facts: ScriptFacts, runName: string, settings: SlurmSettings): readonly string[] {
  return ['sbatch', `--job-name=${runName}`, ...resourceOptions(settings), ...scriptWords(facts)];
}
