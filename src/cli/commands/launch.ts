import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { type ErrorInfo, toErrorInfo } from '../../base/errors.ts';
import { type DeviceChoice, deviceChoices } from '../../domain/device.ts';
import type { LaunchPreview, LaunchRequest } from '../../domain/launch.ts';
import { describeEstimate, type MemoryEstimate, memoryAdvice } from '../../domain/memoryEstimate.ts';
import { parseArguments, UsageError } from '../arguments.ts';
import { exitCodes } from '../exitCodes.ts';
import { print, printJson, printNote } from '../output.ts';
import { withWorker } from '../workerConnection.ts';
import { commonOptions, folderOf, printHelp, reportLaunch } from './common.ts';
import { meansCommand, runLaunchCommand } from './launchCommand.ts';

const help = `trainyard launch RECIPE [key=value …] [OPTIONS]
trainyard launch --entry ID [OPTIONS] [-- ARGUMENT …]      ("trainyard launch --entry x --help" says more)
trainyard launch [OPTIONS] -- PROGRAM ARGUMENT …

Writes a run directory and puts the run into the queue; it starts when its device is free, and goes on when
this command, the window or the worker ends.

  --recipe NAME      the recipe, instead of the first argument
  --config FILE      a YAML configuration; without it, the recipe's defaults
  --name NAME        name of the run and its folder; without it, recipe and time
  --device NAME      ${deviceChoices.join(', ')} (default: auto)
  --folder FOLDER    the project; its runs go to FOLDER/runs (default: here)
  --resume-from PATH a checkpoint to go on from
  --label TEXT       a label for the run; may be repeated
  --hold             stays in the queue until "trainyard jobs release"
  --request-id ID    a repeated call with the same id launches once
  --preview          says what would run, and starts nothing
  --wait             waits for the end; exit code 0 only for a run that finished
  --json

Exit code: 0 launched (with --wait: finished), 1 not, 2 wrong command line.`;

const options = {
  ...commonOptions,
  recipe: { type: 'string' },
  config: { type: 'string' },
  name: { type: 'string' },
  device: { type: 'string', default: 'auto' },
  'resume-from': { type: 'string' },
  label: { type: 'string', multiple: true },
  hold: { type: 'boolean' },
  'request-id': { type: 'string' },
  preview: { type: 'boolean' },
  wait: { type: 'boolean' },
} as const;

/** `trainyard launch RECIPE`. */
export async function runLaunch(args: readonly string[]): Promise<number> {
  if (meansCommand(args)) return runLaunchCommand(args);
  const { values, positionals } = parseArguments(args, options);
  if (values.help === true) return printHelp(help);
  const request = toRequest(values, positionals);
  return withWorker(async (worker) => {
    if (values.preview === true)
      return printPreview(await worker.call('launch.preview', request), values.json === true, () =>
        worker.call('launch.memory', request).catch((error: unknown) => toErrorInfo(error)),
      );
    return reportLaunch(worker, await worker.call('launch.start', request), values);
  });
}

type Values = ReturnType<typeof parseArguments<typeof options>>['values'];

function toRequest(values: Values, positionals: readonly string[]): LaunchRequest {
  const [first, ...rest] = positionals;
  const named = first !== undefined && !first.includes('=') ? first : undefined;
  const recipe = values.recipe ?? named;
  if (recipe === undefined) throw new UsageError('Give a recipe: trainyard launch RECIPE.');
  const overrides = values.recipe === undefined || named === recipe ? rest : positionals;
  const stray = overrides.find((override) => !override.includes('='));
  if (stray !== undefined)
    throw new UsageError(`"${stray}" is no override. Write key=value, for instance train.steps=500.`);
  const device = values.device as DeviceChoice;
  if (!deviceChoices.includes(device))
    throw new UsageError(`There is no device "${device}". There are ${deviceChoices.join(', ')}.`);
  return {
    requestId: values['request-id'] ?? randomUUID(),
    folder: folderOf(values),
    recipe,
    overrides,
    device,
    ...(values.config === undefined ? {} : { configFile: path.resolve(values.config) }),
    ...(values.name === undefined ? {} : { name: values.name }),
    ...(values['resume-from'] === undefined ? {} : { resumeFrom: path.resolve(values['resume-from']) }),
    ...(values.label === undefined ? {} : { labels: values.label }),
    ...(values.hold === true ? { hold: true } : {}),
  };
}

async function printPreview(
  preview: LaunchPreview,
  json: boolean,
  askMemory: () => Promise<MemoryEstimate | ErrorInfo>,
): Promise<number> {
  const memory = preview.problems.length === 0 ? await askMemory() : undefined;
  if (json) printJson({ ...preview, ...(memory === undefined ? {} : { memory }) });
  else {
    print(`run        ${preview.name}`);
    print(`directory  ${preview.runDirectory}`);
    print(`command    ${preview.command.join(' ')}`);
    if (preview.commit !== undefined)
      print(`commit     ${preview.commit}${preview.dirty ? ' with uncommitted changes' : ''}`);
    if (memory !== undefined) print(`memory     ${memoryLine(memory)}`);
    print(`\n${preview.configYaml.trimEnd()}`);
    for (const problem of preview.problems) printNote(problem);
  }
  return preview.problems.length === 0 ? exitCodes.done : exitCodes.failed;
}

/** "Needs about 1.4 GB of memory; 6.0 GB can be had.", or why nobody knows. */
function memoryLine(memory: MemoryEstimate | ErrorInfo): string {
  if ('code' in memory) return `not known: ${memory.message}`;
  return [describeEstimate(memory), memoryAdvice(memory)].filter((line) => line !== undefined).join(' ');
}
