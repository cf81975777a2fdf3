import { onlyPositional, parseArguments } from '../arguments.ts';
import { exitCodes } from '../exitCodes.ts';
import { print, printJson, printNote, shortNumber } from '../output.ts';
import { checkpointMeant } from '../runFolder.ts';
import { loadUse, useOptions, useSettings } from './checkpointUse.ts';
import { printHelp } from './common.ts';

const help = `trainyard eval CHECKPOINT|RUN [--device NAME] [--threads N] [--json]

Measures a checkpoint of Trainyard over the held-out data of its configuration, with the averaged weights. The same checkpoint
and data give the same figures, but for those of time; the data sets are named by their content. Needs no worker.
Of a run (its folder, or its name in runs/) the last checkpoint is taken.

Exit code: 0 measured, 1 no data set was there.`;

/** `trainyard eval CHECKPOINT`. */
export async function runEval(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArguments(args, useOptions);
  if (values.help === true) return printHelp(help);
  const checkpoint = checkpointMeant(onlyPositional(positionals, 'the path of a checkpoint or of a run'));
  const { openCheckpoint, measureCheckpoint } = await loadUse();
  const opened = await openCheckpoint(checkpoint, useSettings(values));
  const { metrics, texts, dataSets, missing, timings } = await measureCheckpoint(opened);
  for (const name of missing) printNote(`The ${name} data are not there, so nothing was measured on them.`);
  const result = {
    checkpoint,
    run: opened.facts.runName,
    step: opened.step,
    metrics,
    texts,
    dataSets,
    missing,
    timings,
  };
  if (values.json === true) printJson(result);
  else {
    for (const [tag, value] of Object.entries(metrics)) print(`${tag}  ${shortNumber(value)}`);
    for (const [tag, value] of Object.entries(timings)) print(`${tag}  ${shortNumber(value)}`);
    for (const [tag, text] of Object.entries(texts)) print(`\n${tag}\n\n${text}`);
  }
  return Object.keys(metrics).length > 0 ? exitCodes.done : exitCodes.failed;
}
