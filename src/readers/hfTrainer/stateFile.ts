import { open } from 'node:fs/promises';
import type { Json, JsonObject } from '../../domain/json.ts';
import { parsePythonJson } from '../files/pythonJson.ts';
import { passSpace, passValue } from '../text/jsonSyntax.ts';

export const stateFileName = 'trainer_state.json';

/** What one `trainer_state.json` holds (transformers/trainer_callback.py, class TrainerState). */
export interface TrainerState {
  /** Everything but the log. */
  readonly fields: JsonObject;
  /** The entries of `log_history`, in their order. */
  readonly log: readonly JsonObject[];
  /** The file ends before its text does: it is being written, or it was cut off. The entries before that are there. */
  readonly isCut: boolean;
}

/** A log of one entry per step and a million steps has some 150 MB. */
const largestFile = 1 << 29;
const openBrace = 123;
const openBracket = 91;
const comma = 44;

/** Reads a state; a sentence where there is none in the file. */
export async function readStateFile(file: string): Promise<TrainerState | { readonly problem: string }> {
  const read = await readBytes(file);
  if ('problem' in read) return read;
  const { bytes } = read;
  const whole = parseObject(bytes);
  if (whole !== undefined) {
    const { log_history: log, ...fields } = whole;
    return { fields, log: Array.isArray(log) ? log.filter(isObject) : [], isCut: false };
  }
  return salvage(bytes);
}

async function readBytes(file: string): Promise<{ readonly bytes: Buffer } | { readonly problem: string }> {
  try {
    const handle = await open(file, 'r');
    try {
      const { size } = await handle.stat();
      if (size > largestFile) return { problem: `The file has ${size} bytes, more than is read of a state.` };
      return { bytes: await handle.readFile() };
    } finally {
      await handle.close();
    }
  } catch (error) {
    return { problem: `The file cannot be read: ${(error as Error).message}` };
  }
}

/** The whole entries of a log that is cut off, and the numbers before it. */
function salvage(bytes: Buffer): TrainerState | { readonly problem: string } {
  if (bytes[passSpace(bytes, 0, bytes.length)] !== openBrace && bytes.length > 0)
    return { problem: 'The file does not hold a JSON object.' };
  const key = bytes.indexOf('"log_history"');
  const start = key < 0 ? -1 : bytes.indexOf(openBracket, key);
  const log: JsonObject[] = [];
  for (let at = start < 0 ? bytes.length : start + 1; at < bytes.length; ) {
    at = passSpace(bytes, at, bytes.length);
    if (bytes[at] === comma) at = passSpace(bytes, at + 1, bytes.length);
    const end = bytes[at] === openBrace ? passValue(bytes, at, bytes.length) : -1;
    if (end < 0) break;
    const entry = parseObject(bytes.subarray(at, end));
    if (entry !== undefined) log.push(entry);
    at = end;
  }
  const before = bytes
    .toString('latin1', 0, key < 0 ? bytes.length : key)
    .matchAll(/"(\w+)":\s*(-?\d+(?:\.\d+)?)\s*,/g);
  const fields = Object.fromEntries([...before].map(([, name, number]) => [name!, Number(number)]));
  return { fields, log, isCut: true };
}

function parseObject(bytes: Buffer): JsonObject | undefined {
  try {
    const value = parsePythonJson(bytes.toString('utf8')) as Json;
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: Json | undefined): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
