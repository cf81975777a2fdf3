import path from 'node:path';
import { stepName } from '../../domain/runDirectory.ts';
import { onlyPositional, parseArguments } from '../arguments.ts';
import { exitCodes } from '../exitCodes.ts';
import { print, printJson, shortSize } from '../output.ts';
import { checkpointMeant } from '../runFolder.ts';
import { loadUse } from './checkpointUse.ts';
import { printHelp } from './common.ts';

const help = `trainyard export CHECKPOINT|RUN [--out FILE] [--json]

Writes the averaged weights of a checkpoint of Trainyard as an ONNX model, as a run does at its end. Of a run (its folder, or its name
in runs/) the last checkpoint is taken. Needs no worker, and no data set.

  --out  the file, by default NAME_step_NNNNNNNN.onnx in the current folder`;

/** `trainyard export CHECKPOINT`. */
export async function runExport(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArguments(args, {
    out: { type: 'string' },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  });
  if (values.help === true) return printHelp(help);
  const checkpoint = checkpointMeant(onlyPositional(positionals, 'the path of a checkpoint or of a run'));
  const { openCheckpoint, exportCheckpoint, writeFileDurably } = await loadUse();
  const opened = await openCheckpoint(checkpoint, { device: 'cpu' });
  const bytes = exportCheckpoint(opened);
  const { step, facts, architecture } = opened;
  const file = path.resolve(values.out ?? `${facts.runName}_${stepName(step)}.onnx`);
  writeFileDurably(file, bytes);
  const result = { checkpoint, run: facts.runName, step, architecture, file, sizeBytes: bytes.byteLength };
  if (values.json === true) printJson(result);
  else print(`${facts.runName}, step ${step}: ${file} (${shortSize(bytes.byteLength)})`);
  return exitCodes.done;
}
