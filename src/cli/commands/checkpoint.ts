import path from 'node:path';
import { AppError } from '../../base/errors.ts';
import { type CheckpointDetails, checkpointKinds } from '../../domain/checkpoint.ts';
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
  const { step, epoch, metrics, parameters, versions, about, config, notes, tensors, tensorCount, sections } = details;
  const counted = sections.map(
    ({ name, tensors: count, elements }) => `${name} ${count} (${elements.toLocaleString('en')})`,
  );
  const lines: [string, string | undefined][] = [
    ['file', details.path],
    ['kind', checkpointKinds[details.kind]],
    ['size', `${shortSize(details.sizeBytes)}${details.files.length > 1 ? ` in ${details.files.length} files` : ''}`],
    ['written', shortTime(details.modifiedAt)],
    ['step', step === undefined ? undefined : String(step)],
    ['epoch', epoch === undefined ? undefined : String(epoch)],
    ...Object.entries(metrics).map(([name, value]): [string, string] => [name, shortNumber(value)]),
    ['parameters', parameters === 0 ? undefined : parameters.toLocaleString('en')],
    ['tensors', counted.length === 0 ? undefined : counted.join(', ')],
    ...Object.entries(versions),
    ...Object.entries(about),
    ['config', config === undefined ? undefined : JSON.stringify(config)],
  ];
  const known = lines.filter((line): line is [string, string] => line[1] !== undefined && line[1] !== '');
  const width = Math.max(...known.map(([name]) => name.length));
  for (const [name, value] of known) print(`${name.padEnd(width)}  ${value}`);
  for (const note of notes) print(note);
  if (tensors.length === 0) return;
  print('');
  printTable(
    ['tensor', 'type', 'shape'],
    tensors
      .slice(0, most)
      .map(({ name, dtype, shape }) => [name, dtype, shape.length === 0 ? 'scalar' : shape.join(' × ')]),
  );
  if (tensorCount > Math.min(most, tensors.length)) print(`… ${tensorCount - Math.min(most, tensors.length)} more`);
}
