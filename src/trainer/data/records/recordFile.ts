import { readFileSync, statSync } from 'node:fs';
import { didYouMean } from '../../../domain/config.ts';
import { badData } from '../files/badData.ts';

/** A line of JSON with a text and its class. */
export interface TextRecord {
  readonly text: string;
  readonly label: string;
}

/** More is read as data of another kind. */
const mostBytes = 1 << 30;

/** Reads a file of JSON lines, each an object with both fields. Empty lines are passed over. Throws AppError 'bad-data' with the line. */
export function readRecords(
  file: string,
  fields: { readonly text: string; readonly label: string },
): readonly TextRecord[] {
  if (statSync(file).size > mostBytes) {
    throw badData('The file is larger than 1 GB, which is more than is held in memory.', {
      file,
      hint: 'Cut it into several files, or take a part of it.',
    });
  }
  return readFileSync(file, 'utf8')
    .split(/\r?\n/)
    .flatMap((line, i) => (line.trim() === '' ? [] : [parseRecord(line, i + 1, file, fields)]));
}

function parseRecord(
  line: string,
  number: number,
  file: string,
  fields: { readonly text: string; readonly label: string },
): TextRecord {
  const record = parseObject(line, number, file);
  const text = record[fields.text];
  const label = record[fields.label];
  if (
    typeof text === 'string' &&
    (typeof label === 'string' || typeof label === 'number' || typeof label === 'boolean')
  ) {
    return { text, label: String(label) };
  }
  const name = typeof text === 'string' ? fields.label : fields.text;
  const known = Object.keys(record);
  const meant = known.includes(name) ? '' : didYouMean(name, known);
  const some = known.slice(0, 10).join(', ') || 'nothing';
  throw badData(`Line ${number} has no "${name}" that could be used.${meant} It has ${some}.`, {
    file,
    hint: 'Set records.text and records.label to the names of the fields of a line.',
  });
}

function parseObject(line: string, number: number, file: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Said below, with the line.
  }
  throw badData(`Line ${number} is no JSON object.`, {
    file,
    hint: 'Each line must be an object such as {"text": "…", "label": "…"}.',
  });
}
