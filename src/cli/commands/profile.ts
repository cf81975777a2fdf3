import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '../../base/errors.ts';
import { runFiles } from '../../domain/runDirectory.ts';
import { onlyPositional, parseArguments } from '../arguments.ts';
import { exitCodes } from '../exitCodes.ts';
import { print, printJson } from '../output.ts';
import { runFolderMeant } from '../runFolder.ts';
import { printHelp } from './common.ts';

const help = `trainyard profile RUN [--json]

Prints where the time of a step of a run goes, as it was measured when the run began. RUN is the folder of a run, or its name in runs/.
A run is profiled where "profile" is true: trainyard train CONFIG --profile. Needs no worker.`;

/** `trainyard profile RUN`. */
export async function runProfile(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArguments(args, {
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  });
  if (values.help === true) return printHelp(help);
  const folder = runFolderMeant(onlyPositional(positionals, 'the folder of a run'));
  const page = path.join(folder, runFiles.profile);
  if (!existsSync(page)) {
    throw new AppError('not-found', `${folder} has no ${runFiles.profile}.`, {
      hint: `Profile it as a new run: trainyard train ${path.join(path.relative('.', folder), runFiles.config)} --profile name=NAME steps=1.`,
    });
  }
  const markdown = readFileSync(page, 'utf8');
  if (values.json === true) printJson({ run: folder, page, trace: path.join(folder, runFiles.trace), markdown });
  else print(markdown.trimEnd());
  return exitCodes.done;
}
