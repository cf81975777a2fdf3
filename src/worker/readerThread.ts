import { statSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { AppError, toErrorInfo } from '../base/errors.ts';
import { type FoundRun, type PollResult, placeKey } from '../domain/records.ts';
import { openRun, type RunReader } from '../readers/index.ts';
import { type KnownWalks, walkAgain } from './runs/knownWalks.ts';
import type { ReaderAnswer, ReaderCall, ReaderCalls, ReaderQuestion } from './runs/readerMessages.ts';

/**
 * A thread that walks disks and parses logs, so that the worker's own thread never waits for either. Rows travel back as typed arrays whose memory
 * is handed over, not copied.
 */
const readers = new Map<string, RunReader>();
const walks: KnownWalks = new Map();

const handlers: {
  readonly [C in ReaderCall]: (params: ReaderCalls[C]['params']) => Promise<ReaderCalls[C]['result']>;
} = {
  poll: async ({ run, cursor, maxBytes, keep }) => {
    const key = placeKey(run);
    const reader = readers.get(key) ?? openRun(run);
    if (keep) readers.set(key, reader);
    try {
      return { ...(await reader.poll(cursor, { maxBytes })), touchedAt: touchedAt(run) };
    } finally {
      if (!keep) close(key, reader);
    }
  },
  discover: async (params) => {
    const begin = performance.now();
    const { runs, ...walk } = await walkAgain(walks, params);
    const milliseconds = performance.now() - begin;
    return { ...walk, ...(walk.version === params.known ? {} : { runs }), milliseconds };
  },
  forget: async ({ place }) => {
    const key = placeKey(place);
    const reader = readers.get(key);
    if (reader !== undefined) close(key, reader);
    return null;
  },
};

/** Asked synchronously: on this thread nobody waits, and it costs a tenth of what a promise does. */
function touchedAt({ path, parts = [] }: FoundRun): number {
  const places = [path, ...parts.map((part) => part.path)];
  // The file of a database in WAL mode does not change while somebody writes to it.
  return Math.max(...places.flatMap((place) => [modifiedAt(place), modifiedAt(`${place}-wal`)]));
}

function modifiedAt(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function close(key: string, reader: RunReader): void {
  reader.dispose();
  readers.delete(key);
}

async function answer({ id, call, params }: ReaderQuestion): Promise<void> {
  try {
    const handle = handlers[call] as (params: unknown) => Promise<unknown>;
    const result = await handle(params);
    post({ id, result }, call === 'poll' ? buffersOf(result as PollResult) : []);
  } catch (error) {
    post({ id, error: toErrorInfo(error) }, []);
  }
}

/** The memory of the rows. Several columns may lie in one buffer, which is handed over once. */
function buffersOf(result: PollResult): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const { steps, wallTimes, values } of result.scalars) {
    for (const { buffer } of [steps, wallTimes, values]) if (buffer.byteLength > 0) buffers.add(buffer as ArrayBuffer);
  }
  return [...buffers];
}

function post(message: ReaderAnswer, transfer: ArrayBuffer[]): void {
  parentPort!.postMessage(message, transfer);
}

if (parentPort === null) throw new AppError('internal', 'This file is the body of a thread.');
parentPort.on('message', (question: ReaderQuestion) => void answer(question));
