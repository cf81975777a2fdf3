import { fail, ok, type Result } from '../../base/result.ts';
import type { JsonObject } from '../../domain/json.ts';
import { open, readFully, stat } from './disk.ts';

/** Why there is no value: the file does not exist, it is not whole yet, or it cannot be read at all. */
export type JsonFileReason = 'absent' | 'unfinished' | 'unreadable';

/** Files of this kind are a few kilobytes; one that is larger is none. */
const largestFile = 16 * 1024 * 1024;

/** The text of a small file. */
export async function readSmallText(file: string): Promise<Result<string, JsonFileReason>> {
  try {
    const size = Number((await stat(file)).size);
    if (size > largestFile)
      return fail('unreadable', `${file} has ${size} bytes, which is too much for what it should hold.`);
    const handle = await open(file);
    try {
      const bytes = new Uint8Array(size);
      return ok(decoder.decode(bytes.subarray(0, await readFully(handle, bytes, 0))));
    } finally {
      await handle.close();
    }
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return code === 'ENOENT' || code === 'ENOTDIR' ? fail('absent', message) : fail('unreadable', message);
  }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The object in a JSON file. Half a file, or another form than an object, is `unfinished`: the writer may still be at it. */
export async function readJsonObject(file: string): Promise<Result<JsonObject, JsonFileReason>> {
  const text = await readSmallText(file);
  if (!text.ok) return text;
  try {
    const value: unknown = JSON.parse(text.value);
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return ok(value as JsonObject);
    return fail('unfinished', `${file} does not hold a JSON object.`);
  } catch (error) {
    return fail('unfinished', `${file} is not whole JSON: ${(error as Error).message}`);
  }
}
