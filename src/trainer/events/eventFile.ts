import { closeSync, fsyncSync, ftruncateSync, openSync, readdirSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import type { Disposable } from '../../base/disposables.ts';
import { writeFully } from '../files/durableFile.ts';
import { type EventContent, encodeEvent } from './eventRecord.ts';

/**
 * Writes a new TensorBoard event file. Records gather in memory until `flush`, which leaves the file at a whole record even when
 * the disk is full. Each start of a run gets a file of its own, whose name sorts behind the ones before.
 */
export class EventFile implements Disposable {
  readonly path: string;
  /** There was an event file in the folder already: another process has logged here before. */
  readonly isRestart: boolean;
  readonly #handle: number;
  #waiting: Uint8Array[] = [];
  #length = 0;

  constructor(folder: string) {
    const existing = readdirSync(folder);
    this.isRestart = existing.some((name) => name.startsWith(namePrefix));
    this.path = path.join(folder, newEventFileName(existing, Date.now()));
    this.#handle = openSync(this.path, 'wx', 0o600);
    this.write(0, { kind: 'version' });
  }

  /** Adds a record; it reaches the file with the next `flush`. */
  write(step: number, content: EventContent, wallTime = Date.now() / 1000): void {
    this.#waiting.push(encodeEvent(wallTime, step, content));
  }

  /** Hands everything to the system, so that it outlives this process. Throws what the file system says, after cutting off a part of a record. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    try {
      writeFully(this.#handle, bytes);
    } catch (error) {
      ftruncateSync(this.#handle, this.#length);
      throw error;
    }
    this.#length += bytes.byteLength;
  }

  /** Flushes and waits until the disk has it, so that it outlives the machine. */
  sync(): void {
    this.flush();
    fsyncSync(this.#handle);
  }

  dispose(): void {
    try {
      this.flush();
    } finally {
      closeSync(this.#handle);
    }
  }
}

const namePrefix = 'events.out.tfevents.';

/** `events.out.tfevents.<seconds>.<host>.<pid>.0`: TensorBoard reads the files of a folder in the order of their names. */
export function newEventFileName(existing: readonly string[], nowMilliseconds: number): string {
  const earlier = existing.map((name) => Number(/^events\.out\.tfevents\.(\d+)\./.exec(name)?.[1] ?? 0));
  const seconds = Math.max(Math.floor(nowMilliseconds / 1000), ...earlier.map((each) => each + 1));
  const host = hostname().replace(/[^\w-]/g, '-');
  return `${namePrefix}${String(seconds).padStart(10, '0')}.${host}.${process.pid}.0`;
}
