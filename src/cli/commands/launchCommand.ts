import path from 'node:path';
import type { CommandPreview } from '../../domain/commandLaunch.ts';
import { noPositionals, parseArguments } from '../arguments.ts';
import { exitCodes } from '../exitCodes.ts';
import { print, printJson, printNote } from '../output.ts';
import { withWorker } from '../workerConnection.ts';
import { commandOptions, commandOptionsHelp, commandRequestOf, splitAtDashes } from './commandOptions.ts';
import { printHelp, reportLaunch } from './common.ts';

const help = `trainyard launch --entry ID [OPTIONS] [-- ARGUMENT …]
trainyard launch [OPTIONS] -- PROGRAM ARGUMENT …

Launches a command of the repository: an entry point with overrides or arguments, or any command. Everything
behind "--" reaches the program as it stands; no shell of ours sees it.

${commandOptionsHelp}
  --checkpoint PATH  goes on from a checkpoint, with the entry point's own arguments for that
  --preview          says what would run, and starts nothing
  --wait             waits for the end; exit code 0 only for a run that finished
  --json

Exit code: 0 launched (with --wait: finished), 1 not, 2 wrong command line.`;

const options = {
  ...commandOptions,
  checkpoint: { type: 'string' },
  preview: { type: 'boolean' },
  wait: { type: 'boolean' },
} as const;

/** Whether the arguments of `launch` mean a command of the repository and not a recipe. */
export function meansCommand(args: readonly string[]): boolean {
  const { options: before, rest } = splitAtDashes(args);
  return rest !== undefined || before.some((argument) => argument === '--entry' || argument.startsWith('--entry='));
}

/** `trainyard launch --entry …` and `trainyard launch -- …`. */
export async function runLaunchCommand(args: readonly string[]): Promise<number> {
  const { options: before, rest = [] } = splitAtDashes(args);
  const { values, positionals } = parseArguments(before, options);
  if (values.help === true) return printHelp(help);
  noPositionals(positionals);
  const request = {
    ...commandRequestOf(values, rest),
    ...(values.checkpoint === undefined ? {} : { checkpoint: path.resolve(values.checkpoint) }),
  };
  const json = values.json === true;
  return withWorker(async (worker) => {
    if (values.preview === true) return printPreview(await worker.call('command.preview', request), json);
    return reportLaunch(worker, await worker.call('command.launch', request), values);
  });
}

function printPreview(preview: CommandPreview, json: boolean): number {
  if (json) printJson(preview);
  else {
    print(`run        ${preview.name}`);
    print(`directory  ${preview.runDirectory}`);
    print(`in         ${preview.cwd}`);
    print(`command    ${preview.commandLine}`);
    print(`target     ${[preview.target, ...preview.targetLines].join(', ')}`);
    if (preview.commit !== undefined)
      print(`commit     ${preview.commit}${preview.dirty ? ' with uncommitted changes' : ''}`);
    if (preview.configYaml !== undefined) print(`\n${preview.configYaml.trimEnd()}`);
    if (preview.changesFrom !== undefined) {
      print(`\nDifferences from ${preview.changesFrom}:`);
      for (const change of preview.changes) print(`  ${change}`);
      if (preview.changes.length === 0) print('  none');
    }
    for (const sentence of [...preview.warnings, ...preview.problems]) printNote(sentence);
  }
  return preview.problems.length === 0 ? exitCodes.done : exitCodes.failed;
}
