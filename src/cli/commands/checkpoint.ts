import path from 'node:path';
import { AppError } from '../../base/errors.ts';
import type { CheckpointDetails } from '../../domain/checkpoint.ts';
import { checkpointFacts, shapeText } from '../../domain/checkpointFacts.ts';
import { inspectCheckpoint } from '../../readers/index.ts';
import { onlyPositional, parseArguments } from '../arguments.ts';
import { exitCodes } from '../exitCodes.ts';
import { print, printJson, printTable, shortNumber, shortSize, shortTime } from '../output.ts';
import { printHelp } from './common.ts';

const help = `trainyard checkpoint PATH [--all] [--json]

Shows what is in a checkpoint without loading it: PyTorch (.pt, .pth, .ckpt, .bin), TorchScript, safetensors, ONNX, a model folder of Hugging Face, a LoRA adapter.
Step, epoch, figures, configuration, versions, and the tensors by name, type and shape. Nothing of the file is run. Needs no worker.

  --all  lists every tensor, not only the first 40`;

const shownTensors = 40;

/** `trainyard checkpoint PATH`. */
export async function runCheckpoint(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArguments(args, {
    all: { type: 'boolean' },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  });
  if (values.help === true) return printHelp(help);
  const read = await inspectCheckpoint(path.resolve(onlyPositional(positionals, 'the path of a checkpoint')));
  if (!read.ok) throw new AppError(read.reason === 'unreadable' ? 'not-found' : 'bad-file', read.message);
  if (values.json === true) printJson(read.value);
  else printDetails(read.value, values.all === true ? Number.POSITIVE_INFINITY : shownTensors);
  return exitCodes.done;
}

/** Prints what is in a checkpoint for people, with so many of its tensors. */
export function printDetails(details: CheckpointDetails, most = shownTensors): void {
  const { config, notes, tensors, tensorCount } = details;
  const known = [
    ['file', details.path],
    ...checkpointFacts(details, { size: shortSize, time: shortTime, value: shortNumber }),
    ...(config === undefined ? [] : [['config', JSON.stringify(config)]]),
  ] as const;
  const width = Math.max(...known.map(([name]) => name.length));
  for (const [name, value] of known) print(`${name.padEnd(width)}  ${value}`);
  for (const note of notes) print(note);
  if (tensors.length === 0) return;
  print('');
  printTable(
    ['tensor', 'type', 'shape'],
    tensors.slice(0, most).map(({ name, dtype, shape }) => [name, dtype, shapeText(shape)]),
  );
  if (tensorCount > Math.min(most, tensors.length)) print(`… ${tensorCount - Math.min(most, tensors.length)} more`);
}
