import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { AppError, type ErrorCode, errorCodes } from '../base/errors.ts';
import type { Installation } from './installation.ts';

/** A line of `trainyard install-cuda --json` (docs/cli.md). */
export type CudaLine =
  | { readonly event: 'plan'; readonly text: string; readonly isInstalled: boolean; readonly size: number | null }
  | {
      readonly event: 'progress';
      readonly phase: 'download' | 'unpack';
      readonly bytes: number;
      readonly total: number | null;
    }
  | { readonly event: 'done'; readonly folder: string }
  | {
      readonly event: 'status';
      readonly folder: string | null;
      readonly missing: readonly string[];
      readonly text: readonly string[];
    }
  | { readonly event: 'failed'; readonly code: string; readonly message: string; readonly hint?: string };

/**
 * Runs `trainyard install-cuda` as a process of its own, so that a large download takes nothing of the worker, and gives its lines as they come. An abort stops it; what was
 * fetched stays for the next time. Throws the AppError with which it failed.
 */
export async function runInstallCuda(
  { node, nodeArguments, trainyard, env }: Installation,
  args: readonly string[],
  options: {
    readonly proxy?: string | undefined;
    readonly signal: AbortSignal;
    readonly onLine: (line: CudaLine) => void;
  },
): Promise<void> {
  const { proxy, signal, onLine } = options;
  const given = { ...process.env, ...env };
  // What VS Code was told of a proxy holds where the environment tells none.
  const proxies = proxy === undefined ? {} : { HTTPS_PROXY: given['HTTPS_PROXY'] ?? given['https_proxy'] ?? proxy };
  const child = spawn(node, [...nodeArguments, trainyard, 'install-cuda', '--json', ...args], {
    env: { ...given, ...proxies },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stop = () => child.kill('SIGINT');
  signal.addEventListener('abort', stop, { once: true });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  try {
    let failure: AppError | undefined;
    for await (const text of createInterface({ input: child.stdout })) {
      const line = JSON.parse(text) as CudaLine;
      if (line.event === 'failed') failure = failureOf(line);
      else onLine(line);
    }
    const code = await ended;
    if (failure !== undefined) throw failure;
    if (code === null) throw new AppError('internal', `The installation ended without a word. ${errors.trim()}`);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function failureOf({ code, message, hint }: Extract<CudaLine, { event: 'failed' }>): AppError {
  const known = Object.hasOwn(errorCodes, code) ? (code as ErrorCode) : 'internal';
  return new AppError(known, message, hint === undefined ? {} : { hint });
}
