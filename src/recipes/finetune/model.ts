import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '../../base/errors.ts';
import { decodeModel, type ExternalPlace, type OnnxModel } from '../../graph/index.ts';

/** A model from a file, and a short name for its content. */
export interface LoadedModel {
  readonly model: OnnxModel;
  /** The first eight hex digits of the SHA-256 of the file. */
  readonly digest: string;
}

/** A bridge has two, which are asked for in turns. */
const mostLoaded = 2;
const loaded = new Map<string, LoadedModel>();

/**
 * Reads an ONNX model with the files beside it that hold its weights. What was read is kept by path, size and time, since a recipe builds its graph many
 * times. Throws AppError 'bad-config' where there is no such file, and 'bad-file' where it is no model.
 */
export function loadOnnxModel(file: string): LoadedModel {
  const key = identity(file);
  const known = loaded.get(key);
  if (known !== undefined) return known;
  const bytes = readFileSync(file);
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 8);
  const made = { model: decodeModel(bytes, (place, tensor) => readBeside(file, place, tensor)), digest };
  const [oldest] = loaded.keys();
  if (loaded.size >= mostLoaded) loaded.delete(oldest!);
  loaded.set(key, made);
  return made;
}

function identity(file: string): string {
  const facts = file === '' ? undefined : statSync(file, { throwIfNoEntry: false });
  if (facts?.isFile() === true) return `${file}\0${facts.size}\0${facts.mtimeMs}`;
  throw new AppError('bad-config', file === '' ? 'The path of the model is not given.' : `There is no model ${file}.`, {
    hint: 'Set model to an ONNX file, for instance one that torch.onnx.export wrote.',
  });
}

/** Weights in another file are looked for in the model's folder alone, whatever its path says and wherever links lead. */
function readBeside(file: string, { location, offset, length }: ExternalPlace, tensor: string): Uint8Array {
  const folder = realpathSync(path.dirname(file));
  const beside = realFile(path.resolve(folder, location));
  if (beside === undefined || !beside.startsWith(folder + path.sep)) {
    throw new AppError(
      'bad-file',
      `The weights of "${tensor}" are to be in ${location}, which is not beside ${file}.`,
      {
        hint: 'Copy the model again, with the files beside it.',
      },
    );
  }
  const handle = openSync(beside, 'r');
  try {
    const rest = Math.max(0, statSync(beside).size - offset);
    const bytes = new Uint8Array(Math.min(length ?? rest, rest));
    readSync(handle, bytes, 0, bytes.length, offset);
    return bytes;
  } finally {
    closeSync(handle);
  }
}

function realFile(file: string): string | undefined {
  try {
    return realpathSync(file);
  } catch {
    return undefined;
  }
}
