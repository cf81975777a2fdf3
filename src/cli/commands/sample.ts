import path from 'node:path';
import { stepName } from '../../domain/runDirectory.ts';
import { onlyPositional, parseArguments, wholeNumber } from '../arguments.ts';
import { exitCodes } from '../exitCodes.ts';
import { print, printJson, shortNumber } from '../output.ts';
import { checkpointMeant } from '../runFolder.ts';
import { loadUse, useOptions, useSettings } from './checkpointUse.ts';
import { printHelp } from './common.ts';

const help = `trainyard sample CHECKPOINT|RUN [--out FILE | --folder FOLDER] [--seed N] [--device NAME] [--threads N] [--json]

Draws samples from a checkpoint of Trainyard and writes them as one file: a picture, or texts of a language model. The same checkpoint
and seed give the same bytes; without --seed it is the file that the run drew at that step. Of a run (its folder, or its
name in runs/) the last checkpoint is taken. Needs no worker, and no data set.

  --out     the file, by default NAME_step_NNNNNNNN.png or .txt, with _seed_N where one is given
  --folder  where the file goes, by default the current folder`;

/** `trainyard sample CHECKPOINT`. */
export async function runSample(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArguments(args, {
    ...useOptions,
    out: { type: 'string' },
    folder: { type: 'string' },
    seed: { type: 'string' },
  });
  if (values.help === true) return printHelp(help);
  const checkpoint = checkpointMeant(onlyPositional(positionals, 'the path of a checkpoint or of a run'));
  const seed = values.seed === undefined ? undefined : wholeNumber(values.seed, 'seed', 0);
  const { openCheckpoint, drawSamples, writeFileDurably } = await loadUse();
  const opened = await openCheckpoint(checkpoint, useSettings(values));
  const { bytes, ending, shown, seed: used, metrics } = await drawSamples(opened, seed);
  const ownSeed = seed === undefined ? '' : `_seed_${seed}`;
  const name = `${opened.facts.runName}_${stepName(opened.step)}${ownSeed}.${ending}`;
  const file = path.resolve(values.out ?? path.join(values.folder ?? '.', name));
  writeFileDurably(file, bytes);
  const result = { checkpoint, run: opened.facts.runName, step: opened.step, seed: used, file, shown, metrics };
  if (values.json === true) printJson(result);
  else {
    print(`${shown} samples of ${opened.facts.runName}, step ${opened.step}, seed ${used}: ${file}`);
    for (const [tag, value] of Object.entries(metrics)) print(`${tag}  ${shortNumber(value)}`);
  }
  return exitCodes.done;
}
