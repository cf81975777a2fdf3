import { open, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { JsonObject } from '../../domain/json.ts';
import type { ReaderProblem } from '../../domain/records.ts';
import { parsePythonJson } from '../files/pythonJson.ts';
import { fileNameOfProject } from './names.ts';

/** Beside the databases: `inbox/<writer>/<number>.jsonl`, where SQLite is not safe, until somebody imports them (trackio/fragments.py). */
export const inboxFolder = 'inbox';

/** A writer's folder: 16 hexadecimal digits. */
export const writerFolder = /^[0-9a-f]{16}$/;

const fragmentFile = /^\d+\.jsonl$/;
/** Fragments hold what was logged within moments. */
const largestFragment = 1 << 28;

/** How many bytes of each fragment were read, by the file's path below the inbox. */
export type InboxPosition = { readonly [fragment: string]: number };

export interface InboxRecord {
  readonly kind: 'metric' | 'system_metric' | 'alert';
  readonly project: string;
  /** The run's id, or its name where it has none. */
  readonly key: string;
  readonly name: string;
  readonly content: JsonObject;
}

export interface InboxReading {
  readonly position: InboxPosition;
  readonly records: readonly InboxRecord[];
  readonly problems: readonly ReaderProblem[];
  /** Changes when a fragment comes, goes or grows. */
  readonly look: string;
}

/** The records of all fragments behind a position, writer by writer in the order of their numbers. Only whole lines count. */
export async function readInbox(folder: string, from: InboxPosition): Promise<InboxReading> {
  const position: { [fragment: string]: number } = {};
  const records: InboxRecord[] = [];
  const problems: ReaderProblem[] = [];
  for (const fragment of await listFragments(folder)) {
    const start = Object.hasOwn(from, fragment) ? from[fragment]! : 0;
    const text = await readLines(path.join(folder, fragment), start);
    position[fragment] = start + text.length;
    let offset = start;
    for (const line of text.toString('utf8').split('\n')) {
      const record = line.trim() === '' ? undefined : readRecord(line);
      if (record === undefined && line.trim() !== '')
        problems.push({
          file: `${inboxFolder}/${fragment}`,
          offset,
          message: 'This line is no record of Trackio, so it was passed over.',
        });
      if (record !== undefined) records.push(record);
      offset += Buffer.byteLength(line) + 1;
    }
  }
  return { position, records, problems, look: JSON.stringify(position) };
}

/** The fragments that are there, by their paths below the inbox. */
async function listFragments(folder: string): Promise<readonly string[]> {
  const writers = (await readdir(folder).catch(() => [])).filter((name) => writerFolder.test(name)).sort();
  const lists = await Promise.all(
    writers.map(async (writer) => {
      const names = await readdir(path.join(folder, writer)).catch(() => []);
      return names
        .filter((name) => fragmentFile.test(name))
        .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
        .map((name) => `${writer}/${name}`);
    }),
  );
  return lists.flat();
}

/** Whole lines from an offset on; nothing where the file is gone. */
async function readLines(file: string, from: number): Promise<Buffer> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (handle === undefined) return Buffer.alloc(0);
  try {
    const { size } = await handle.stat();
    const length = Math.min(size - from, largestFragment);
    if (length <= 0) return Buffer.alloc(0);
    const bytes = Buffer.alloc(length);
    const { bytesRead } = await handle.read(bytes, 0, length, from);
    return bytes.subarray(0, bytes.subarray(0, bytesRead).lastIndexOf(10) + 1);
  } finally {
    await handle.close();
  }
}

const kinds: ReadonlySet<unknown> = new Set(['metric', 'system_metric', 'alert']);

function readRecord(line: string): InboxRecord | undefined {
  try {
    const value = parsePythonJson(line) as JsonObject | null;
    if (value === null || typeof value !== 'object' || !kinds.has(value['kind'])) return undefined;
    const { kind, project, run, run_id: id } = value;
    if (typeof project !== 'string' || typeof run !== 'string') return undefined;
    const key = typeof id === 'string' && id !== '' ? id : run;
    return { kind: kind as InboxRecord['kind'], project: fileNameOfProject(project), key, name: run, content: value };
  } catch {
    return undefined;
  }
}
