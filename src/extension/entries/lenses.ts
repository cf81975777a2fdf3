import type { EntryPoint } from '../../domain/entryPoint.ts';
import type { RunSummary } from '../../domain/run.ts';

/** What stands above an entry point. */
export interface EntryLens {
  /** From 0. */
  readonly line: number;
  readonly title: string;
  readonly action: 'launch' | 'launchWith' | 'lastRun';
  readonly entry: EntryPoint;
  /** The run that `lastRun` shows. */
  readonly run?: RunSummary;
}

/** Lenses of the entry points that stand in a file: Launch, Launch With…, and the last run with how it went. */
export function entryLenses(
  file: string,
  entries: readonly EntryPoint[],
  runs: Iterable<RunSummary>,
  describe: (run: RunSummary) => string,
): readonly EntryLens[] {
  const all = [...runs];
  return entries
    .filter((entry) => entry.file === file && entry.kind !== 'named')
    .flatMap((entry) => {
      const line = Math.max(0, (entry.line ?? 1) - 1);
      const own = all.filter((run) => run.entry === entry.id);
      const [last] = own.sort((a, b) => b.createdAt - a.createdAt);
      // Several targets of a Makefile or functions of an app stand in one file: each line says which it means.
      const name = own.length > 1 ? ` · ${own.length} runs` : '';
      const lenses: EntryLens[] = [{ line, title: '$(play) Launch', action: 'launch', entry }];
      if (entry.takes !== 'nothing') lenses.push({ line, title: 'Launch With…', action: 'launchWith', entry });
      if (last !== undefined)
        lenses.push({ line, title: `Last Run: ${describe(last)}${name}`, action: 'lastRun', entry, run: last });
      return lenses;
    });
}

const scripts = /\.(slurm|sbatch|sh|bash)$/i;
const python = /@(\w+\.)*hydra\.main|@hydra_main|__main__|\bmodal\.App\b|argparse|def main\b/;

/** Whether a file may hold an entry point: so quick that it can be asked of every file that is opened. */
export function mayHoldEntry(file: string, text: string): boolean {
  if (scripts.test(file) || /(^|[\\/])(Makefile|makefile|GNUmakefile)$/.test(file)) return true;
  return file.endsWith('.py') && python.test(text);
}
