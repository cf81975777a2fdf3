import type { NamedTarget, TargetReport } from '../../domain/target.ts';
import { parseArguments, UsageError } from '../arguments.ts';
import { exitCodes } from '../exitCodes.ts';
import { print, printJson, printNote, printTable } from '../output.ts';
import { withWorker } from '../workerConnection.ts';
import { targetOf } from './commandOptions.ts';
import { commonOptions, folderOf, printHelp } from './common.ts';

const help = `trainyard targets [--folder FOLDER] [--json]
trainyard targets NAME [--preset NAME] [--set KEY=VALUE] [--json]

Lists where runs can be launched: this machine, and the targets of trainyard.yaml. With a name, looks at the
target now: free GPUs, partitions, whether it answers.

Exit code: 0, or 1 where the target cannot be used.`;

const options = { ...commonOptions, preset: { type: 'string' }, set: { type: 'string', multiple: true } } as const;

/** `trainyard targets [NAME]`. */
export async function runTargets(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArguments(args, options);
  if (values.help === true) return printHelp(help);
  const [name, stray] = positionals;
  if (stray !== undefined) throw new UsageError(`"${stray}" is one argument too many.`);
  const folder = folderOf(values);
  const json = values.json === true;
  return withWorker(async (worker) => {
    if (name === undefined) {
      const listed = await worker.call('targets.list', { folder });
      if (json) printJson(listed);
      else printTargets(listed.targets, listed.problems);
      return exitCodes.done;
    }
    const target = targetOf({ target: name, preset: values.preset, set: values.set });
    const report = await worker.call('targets.report', { folder, target });
    if (json) printJson({ report });
    else printReport(report);
    return report.usable ? exitCodes.done : exitCodes.failed;
  });
}

function printTargets(targets: readonly NamedTarget[], problems: readonly string[]): void {
  const rows = targets.map(({ name, settings }) => [name, settings.kind, placeOf(settings)]);
  printTable(['target', 'kind', 'place'], rows);
  for (const problem of problems) printNote(problem);
}

function placeOf(settings: NamedTarget['settings']): string {
  if (settings.kind === 'ssh') return settings.host;
  if (settings.kind === 'slurm')
    return [settings.ssh?.host, settings.partition].filter((part) => part !== undefined).join(' ');
  return settings.kind === 'modal' ? (settings.app ?? settings.mode) : '';
}

function printReport({ name, kind, usable, lines, problems }: TargetReport): void {
  print(`${name} (${kind}): ${usable ? 'usable' : 'not usable'}`);
  for (const line of lines) print(`  ${line}`);
  for (const problem of problems) printNote(problem);
}
