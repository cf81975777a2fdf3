import { hasEnding } from '../files/findFiles.ts';
import type { ReadArrays } from './columns.ts';
import { readDelimited } from './delimited.ts';
import { readJsonLines } from './jsonLines.ts';
import { readNpy } from './npy.ts';
import { readNpz } from './npz.ts';
import { readSafetensors } from './safetensors.ts';

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
