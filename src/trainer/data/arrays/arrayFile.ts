import type { Hash } from 'node:crypto';
import { hasEnding } from '../files/findFiles.ts';
import type { OpenFiles } from '../files/openFiles.ts';
import type { Column } from './columns.ts';
import { readDelimited } from './delimited.ts';
import { readJsonLines } from './jsonLines.ts';
import { readNpy } from './npy.ts';
import { readNpz } from './npz.ts';
import { readSafetensors } from './safetensors.ts';

/** The columns or tensors of a file by name. A `.npy` file has one, whose name is that of the file. */
export type Columns = ReadonlyMap<string, Column>;

/** Reads what a file holds, and adds its bytes to the hash. Throws AppError 'bad-data' with file and place. */
export type ReadArrays = (file: string, files: OpenFiles, hash: Hash) => Promise<Columns>;

const formats: Readonly<Record<string, ReadArrays>> = {
  '.csv': readDelimited,
  '.tsv': readDelimited,
  '.jsonl': readJsonLines,
  '.ndjson': readJsonLines,
  '.npy': readNpy,
  '.npz': readNpz,
  '.safetensors': readSafetensors,
};

export const arrayEndings = Object.keys(formats);

/** The reader of a file by its name; of what is named otherwise, that of tables. */
export function arrayFormat(file: string): ReadArrays {
  const ending = arrayEndings.find((each) => hasEnding(file, [each]));
  return ending === undefined ? readDelimited : formats[ending]!;
}
