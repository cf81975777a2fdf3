import { statSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { AppError, toErrorInfo } from '../base/errors.ts';
import { type FoundRun, type PollResult, placeKey } from '../domain/records.ts';
import { isActive } from '../domain/run.ts';
import { dropSpares, giveRows, keptRows } from '../readers/files/spareMemory.ts';
import { openRun, type RunReader } from '../readers/index.ts';
import { packDigest } from '../store/digest.ts';
import type { SeriesRow } from '../store/seriesTable.ts';
import { IdleMemory } from './idleMemory.ts';
import { type KnownWalks, walkAgain } from './runs/knownWalks.ts';
import type { PolledRun, ReaderAnswer, ReaderCall, ReaderCalls, ReaderQuestion } from './runs/readerMessages.ts';
import { withScalars } from './runs/seriesStats.ts';

/**
 * A thread that walks disks and parses logs, so that the worker's own thread never waits for either. Rows travel back as typed arrays whose memory
 * is handed over, not copied.
 */
const readers = new Map<string, RunReader>();
const walks: KnownWalks = new Map();

const handlers: {
  readonly [C in ReaderCall]: (params: ReaderCalls[C]['params']) => Promise<ReaderCalls[C]['result']>;
} = {
  poll: async ({ run, cursor, maxBytes, keep, skim }) => {
    const key = placeKey(run);
    const reader = readers.get(key) ?? openRun(run);
    if (keep) readers.set(key, reader);
    try {
      const poll = await reader.poll(cursor, { maxBytes, lent: skim });
      return { ...(skim ? skimmed(poll) : poll), touchedAt: touchedAt(run) };
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

/** Points travel to nobody who only wants to list the run: they can be read again from its files. What is at work is soon looked at, and what is large is not read twice. */
function skimmed(poll: PollResult): PollResult & Pick<PolledRun, 'digest'> {
  if (poll.more || isActive(poll.facts.status ?? 'unknown')) return { ...poll, scalars: keptRows(poll.scalars) };
  const rows = new Map<string, SeriesRow>();
  for (const batch of poll.scalars)
    if (batch.values.length > 0) rows.set(batch.tag, withScalars(rows.get(batch.tag), batch));
  giveRows(poll.scalars);
  return { ...poll, scalars: [], digest: packDigest([...rows.values()]) };
}

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

/** Lives as long as the thread. */
const memory = new IdleMemory(dropSpares);

async function answer({ id, call, params }: ReaderQuestion): Promise<void> {
  try {
    const handle = handlers[call] as (params: unknown) => Promise<unknown>;
    const result = await handle(params);
    post({ id, result }, call === 'poll' ? buffersOf(result as PolledRun) : []);
  } catch (error) {
    post({ id, error: toErrorInfo(error) }, []);
  } finally {
    memory.touch();
  }
}

/** The memory of the rows. Several columns may lie in one buffer, which is handed over once. */
function buffersOf(result: PolledRun): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  if (result.digest !== undefined) buffers.add(result.digest.buffer);
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
