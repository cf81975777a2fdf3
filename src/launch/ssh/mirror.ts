import { existsSync } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { crc32, inflateSync } from 'node:zlib';
import { AppError } from '../../base/errors.ts';
import type { AgentPresence, FileCheck } from './agentCalls.ts';
import { mirrorRule } from './mirrorRules.ts';
import { MirrorState } from './mirrorState.ts';
import type { SshHost } from './sshHost.ts';

const pieceBytes = 1024 * 1024;
const checkBytes = 64 * 1024;
const maxFiles = 5_000;
const readMs = 60_000;

/** Where a job's files lie over there. */
export interface RemotePlace {
  readonly host: SshHost;
  /** The run's folder, absolute. */
  readonly folder: string;
  /** What `work/` stands for where the code was there already. */
  readonly workdir?: string | undefined;
}

interface Behind {
  readonly size: number;
  readonly inode: string;
}

/**
 * Keeps copies of a job's small and growing files in the run's directory here, so that every reader works on them as on a run of this machine. Only
 * what was added travels; a file that was written anew comes whole and takes its place in one step.
 */
export class Mirror {
  readonly #directory: string;
  readonly #state: MirrorState;
  readonly #behind = new Map<string, Behind>();

  constructor(directory: string) {
    this.#directory = directory;
    this.#state = new MirrorState(directory);
  }

  /** Takes note of files that changed over there. Names that lead out of the folder, or that belong to this side, are left alone. */
  note(files: AgentPresence['files']): void {
    for (const [file, size, mtimeMs, inode] of files) {
      const rule = mirrorRule(file);
      if (rule === undefined || !isInner(file)) continue;
      if (rule.kind === 'list' || size > rule.maxBytes) this.#state.noteListed(file, size, mtimeMs);
      else if (this.#isOurs(file) && (this.#behind.size < maxFiles || this.#behind.has(file)))
        this.#behind.set(file, { size, inode });
    }
    this.#state.save();
  }

  /** Fetches what is behind, at most so many bytes of each file. True when nothing is behind any more. Throws `unreachable`, and what the disk here says. */
  async catchUp(place: RemotePlace, maxBytes: number): Promise<boolean> {
    for (const [file, behind] of [...this.#behind]) {
      const isDone = await this.#fetch(place, file, behind, maxBytes);
      if (isDone && this.#behind.get(file) === behind) this.#behind.delete(file);
    }
    return this.#behind.size === 0;
  }

  /** A file of this directory may be written where it is a copy, or where there is none. */
  #isOurs(file: string): boolean {
    return this.#state.inodeOf(file) !== undefined || !existsSync(path.join(this.#directory, file));
  }

  async #fetch(place: RemotePlace, file: string, behind: Behind, maxBytes: number): Promise<boolean> {
    const local = path.join(this.#directory, file);
    const isAppend = mirrorRule(file)?.kind === 'append' && this.#state.inodeOf(file) === behind.inode;
    this.#state.noteMirrored(file, behind.inode);
    await mkdir(path.dirname(local), { recursive: true });
    return isAppend ? this.#append(place, file, local, maxBytes) : replaceFile(place, file, local, maxBytes);
  }

  async #append(place: RemotePlace, file: string, local: string, maxBytes: number): Promise<boolean> {
    const have = (await stat(local).catch(() => undefined))?.size ?? 0;
    let checks = have === 0 ? [] : await checksOf(local, have);
    for (let position = have; position - have < maxBytes; ) {
      const piece = await readPiece(place, file, position, checks);
      if (piece === undefined) return true;
      if (piece.from !== position) return replaceFile(place, file, local, maxBytes);
      if (piece.bytes.length === 0) return true;
      const handle = await open(local, 'a', 0o600);
      try {
        await handle.writeFile(piece.bytes);
      } finally {
        await handle.close();
      }
      position += piece.bytes.length;
      // What was just fetched needs no check.
      checks = [];
      if (position >= piece.size) return true;
    }
    return false;
  }
}

/** Fetches a file whole, to another name first. A growing file is as long as it was at the last piece; what comes then is appended later. */
export async function fetchFile(
  place: RemotePlace,
  file: string,
  local: string,
  onBytes?: (bytes: number, of: number) => void,
): Promise<void> {
  await mkdir(path.dirname(local), { recursive: true });
  const temporary = path.join(path.dirname(local), `.${path.basename(local)}.part-${process.pid}`);
  const handle = await open(temporary, 'w', 0o600);
  try {
    for (let position = 0; ; ) {
      const piece = await readPiece(place, file, position, []);
      if (piece === undefined)
        throw new AppError('not-found', `${file} is not there any more on ${place.host.place.host}.`);
      await handle.writeFile(piece.bytes);
      position += piece.bytes.length;
      onBytes?.(position, piece.size);
      if (piece.bytes.length === 0 || position >= piece.size) break;
    }
    await handle.sync();
    await handle.close();
    await rename(temporary, local);
  } catch (error) {
    await handle.close().catch(() => {});
    await rm(temporary, { force: true });
    throw error;
  }
}

async function replaceFile(place: RemotePlace, file: string, local: string, maxBytes: number): Promise<boolean> {
  const rule = mirrorRule(file);
  if (rule?.kind !== 'append') {
    await fetchFile(place, file, local).catch(ignoreGone);
    return true;
  }
  // A long log starts with its first part; the rest is appended in turns, so that one file does not hold up the others.
  const temporary = `${local}.part-${process.pid}`;
  const handle = await open(temporary, 'w', 0o600);
  let position = 0;
  let size = 0;
  try {
    do {
      const piece = await readPiece(place, file, position, []);
      if (piece === undefined || piece.bytes.length === 0) break;
      await handle.writeFile(piece.bytes);
      position += piece.bytes.length;
      size = piece.size;
    } while (position < size && position < maxBytes);
  } finally {
    await handle.close();
  }
  await rename(temporary, local);
  return position >= size;
}

/** A piece of a file over there, from where the host says; undefined where the file is gone. */
async function readPiece(
  { host, folder, workdir }: RemotePlace,
  file: string,
  from: number,
  checks: readonly FileCheck[],
): Promise<{ bytes: Uint8Array; from: number; size: number } | undefined> {
  const isWork = workdir !== undefined && file.startsWith('work/');
  const path = isWork ? `${workdir}/${file.slice('work/'.length)}` : `${folder}/${file}`;
  const { result, content } = await host.call('read', { path, from, max: pieceBytes, checks }, { timeoutMs: readMs });
  if (!result.found) return undefined;
  return { bytes: result.packed ? inflateSync(content) : content, from: result.from, size: result.size };
}

/** Beginning and end of what is here, so that the host can tell whether its file is still the same one. */
async function checksOf(file: string, size: number): Promise<FileCheck[]> {
  const handle = await open(file, 'r');
  try {
    const check = async (from: number, length: number): Promise<FileCheck> => {
      const buffer = Buffer.alloc(length);
      await handle.read(buffer, 0, length, from);
      return [from, length, crc32(buffer)];
    };
    const head = await check(0, Math.min(size, checkBytes));
    return size <= checkBytes ? [head] : [head, await check(size - checkBytes, checkBytes)];
  } finally {
    await handle.close();
  }
}

function ignoreGone(error: unknown): void {
  if (!(error instanceof AppError) || error.code !== 'not-found') throw error;
}

function isInner(file: string): boolean {
  return !/\p{Surrogate}/u.test(file) && file.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}
