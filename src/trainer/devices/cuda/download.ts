import { createHash } from 'node:crypto';
import {
  createReadStream,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import path from 'node:path';
import { AppError } from '../../../base/errors.ts';
import { httpGet, refuseStatus } from './httpGet.ts';

export interface DownloadRequest {
  readonly address: string;
  /** Where the whole file is to be. Its beginning lies beside it as `.part` until then, also after a failure. */
  readonly file: string;
  readonly size: number | undefined;
  /** base64; undefined: not checked. */
  readonly sha512: string | undefined;
  readonly signal: AbortSignal;
  readonly env: { readonly [name: string]: string | undefined };
  /** Bytes that are here, and how many there will be where that is known. */
  readonly onProgress: (bytes: number, total: number | undefined) => void;
  /** Pause between two attempts, ms. */
  readonly pauseMs?: number;
}

/** How often a cut connection is taken up again without a person. Any attempt that brought bytes starts the count anew. */
const fruitlessAttempts = 4;

/**
 * Fetches a file, going on where an earlier attempt was cut (Range and If-Range, RFC 9110 section 14.2 and 13.1.5), and checks its size and hash. Gives the
 * SHA-512. Throws AppErrors: 'bad-file' where the hash is wrong (the file is then removed), 'unreachable' where the connection stays cut, 'disk-full', 'cancelled'.
 */
export async function download(request: DownloadRequest): Promise<string> {
  const part = `${request.file}.part`;
  mkdirSync(path.dirname(request.file), { recursive: true, mode: 0o700 });
  await fetchRest(request, part);
  const found = await hashOf(part);
  if (request.sha512 !== undefined && found !== request.sha512) {
    forget(part);
    throw new AppError(
      'bad-file',
      `The downloaded file has another checksum than the feed promises, so it was removed.`,
      {
        hint: 'Start again. Should it happen twice, something between here and the feed changes downloads: ask who runs the network.',
      },
    );
  }
  renameSync(part, request.file);
  rmSync(tagFile(part), { force: true });
  return found;
}

/** Attempts until the file is whole. */
async function fetchRest(request: DownloadRequest, part: string): Promise<void> {
  let fruitless = 0;
  while (fruitless < fruitlessAttempts) {
    const before = sizeOf(part);
    try {
      await attempt(request, part);
      return;
    } catch (error) {
      refuseFinal(error, request, part);
      fruitless = sizeOf(part) > before ? 0 : fruitless + 1;
      if (fruitless === fruitlessAttempts) throw stayedCut(error, sizeOf(part));
      await pause(request.pauseMs ?? 500 * 2 ** fruitless, request.signal);
    }
  }
}

async function attempt(request: DownloadRequest, part: string): Promise<void> {
  const have = sizeOf(part);
  if (request.size !== undefined && have === request.size) return;
  if (request.size !== undefined && have > request.size) forget(part);
  const start = sizeOf(part);
  const tag = start === 0 ? undefined : readTag(part);
  // Without a tag nobody could say that the rest is of the same file.
  const headers: Record<string, string> = tag === undefined ? {} : { range: `bytes=${start}-`, 'if-range': tag };
  const answer = await httpGet(request.address, { headers, signal: request.signal, env: request.env });
  if (answer.statusCode === 416) {
    answer.resume();
    forget(part);
    throw new Error('the file has changed meanwhile');
  }
  refuseStatus(request.address, answer);
  await writeBody(request, part, answer, answer.statusCode === 206 ? start : 0);
}

async function writeBody(request: DownloadRequest, part: string, answer: IncomingMessage, from: number): Promise<void> {
  const length = Number(answer.headers['content-length']);
  const total = request.size ?? (Number.isFinite(length) ? from + length : undefined);
  writeTag(part, answer);
  if (from === 0) writeFileSync(part, '', { mode: 0o600 });
  else truncateSync(part, from);
  const handle = await open(part, 'a');
  let bytes = from;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      await handle.appendFile(chunk);
      bytes += chunk.length;
      request.onProgress(bytes, total);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  if (total !== undefined && bytes < total) throw new Error(`the connection ended after ${bytes} of ${total} bytes`);
  if (total !== undefined && bytes > total) {
    forget(part);
    throw new AppError('bad-file', `The server sent more than the ${total} bytes that the feed promises.`, {
      hint: 'Start again, or use another feed.',
    });
  }
}

/** What another attempt would not mend is thrown on. */
function refuseFinal(error: unknown, { signal }: DownloadRequest, part: string): void {
  if (signal.aborted) {
    throw new AppError(
      'cancelled',
      `The download was stopped; ${megabytes(sizeOf(part))} MB are kept for the next time.`,
    );
  }
  if (error instanceof AppError && error.code !== 'unreachable') throw error;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EACCES' || code === 'EROFS' || code === 'EFBIG') throw error;
}

function stayedCut(error: unknown, bytes: number): AppError {
  const why = error instanceof Error ? error.message : String(error);
  const kept = bytes === 0 ? '' : ` ${megabytes(bytes)} MB are here, and the next attempt goes on behind them.`;
  return new AppError('unreachable', `The download broke off: ${why}.${kept}`, {
    hint: 'Look at the network and at HTTPS_PROXY and start again; or fetch the package elsewhere and give its path with --from.',
    cause: error,
  });
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}

/** The validator of the file that the beginning is of: a strong ETag, or its date. */
function writeTag(part: string, { headers }: IncomingMessage): void {
  const strong = headers.etag?.startsWith('W/') === true ? undefined : headers.etag;
  const tag = strong ?? headers['last-modified'];
  if (tag === undefined) rmSync(tagFile(part), { force: true });
  else writeFileSync(tagFile(part), tag, { mode: 0o600 });
}

function readTag(part: string): string | undefined {
  try {
    return readFileSync(tagFile(part), 'utf8');
  } catch {
    return undefined;
  }
}

function tagFile(part: string): string {
  return `${part}.tag`;
}

function forget(part: string): void {
  rmSync(part, { force: true });
  rmSync(tagFile(part), { force: true });
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha512');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('base64');
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
