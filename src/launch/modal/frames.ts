import { closeSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import { writeJsonSynced } from '../files.ts';
import { remoteFilesFile } from './modalNote.ts';

/** How the command ended over there. */
export interface RemoteEnd {
  readonly code: number | null;
  readonly signal: number | null;
}

/** Files of the run directory that are this machine's own: nothing from over there may take their place. */
const ownFiles: ReadonlySet<string> = new Set([
  'launch.json',
  'exit.json',
  'stop.json',
  'state.json',
  'claim.json',
  'elsewhere.json',
  'modal.json',
  'modal-runner.json',
  remoteFilesFile,
]);

/**
 * Carries out what the agent in the sandbox tells, line by line (format: sandboxAgent.py). Lines come in pieces of any size. All of it may come
 * again from the beginning, so bytes are written where they belong instead of appended.
 */
export class FrameReader {
  readonly #directory: string;
  #rest = '';
  end: RemoteEnd | undefined;
  /** Lines that are none of the agent's: words of Modal or of Python before the agent ran. */
  readonly strange: string[] = [];

  constructor(directory: string) {
    this.#directory = directory;
  }

  take(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') this.#line(line);
  }

  #line(line: string): void {
    const frame = parsed(line);
    if (frame === undefined) {
      if (this.strange.length < 200) this.strange.push(line);
      return;
    }
    if (Array.isArray(frame['files'])) writeJsonSynced(path.join(this.#directory, remoteFilesFile), frame['files']);
    else if (typeof frame['f'] === 'string') this.#bytes(frame['f'], frame);
    else if ('exit' in frame) this.end = { code: numberOrNull(frame['exit']), signal: numberOrNull(frame['signal']) };
  }

  #bytes(name: string, frame: { readonly [key: string]: unknown }): void {
    const file = placeOf(this.#directory, name);
    const offset = frame['o'];
    if (file === undefined || typeof offset !== 'number' || offset < 0) return;
    mkdirSync(path.dirname(file), { recursive: true });
    const descriptor = openSync(file, 'a+', 0o600);
    closeSync(descriptor);
    const target = openSync(file, 'r+');
    try {
      if (frame['reset'] === true) ftruncateSync(target, 0);
      else if (typeof frame['d'] === 'string')
        writeSync(target, Buffer.from(frame['d'], 'base64'), 0, undefined, offset);
    } finally {
      closeSync(target);
    }
  }
}

/** The place of a file from over there, or undefined where its name would leave the run's directory or name one of our own files. */
export function placeOf(directory: string, name: string): string | undefined {
  const file = path.resolve(directory, name);
  const relative = path.relative(directory, file);
  if (relative === '' || relative.startsWith('..') || path.isAbsolute(relative) || ownFiles.has(relative))
    return undefined;
  return file;
}

function parsed(line: string): { readonly [key: string]: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as { readonly [key: string]: unknown })
      : undefined;
  } catch {
    return undefined;
  }
}

function numberOrNull(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
