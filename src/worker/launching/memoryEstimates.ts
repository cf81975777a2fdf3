import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AppError, type ErrorInfo, fromErrorInfo } from '../../base/errors.ts';
import type { LaunchRequest } from '../../domain/launch.ts';
import type { MemoryEstimate } from '../../domain/memoryEstimate.ts';
import type { Installation } from '../installation.ts';
import { type ResolvedLaunch, resolveLaunch } from './resolveLaunch.ts';

/** What is free changes, so an answer is not given again for longer than this. */
const freshMs = 30_000;
const mostKept = 32;
const patienceMs = 120_000;

type TrainerProgram = Pick<Installation, 'node' | 'nodeArguments' | 'trainyard' | 'env'>;

interface Kept {
  readonly at: number;
  readonly estimate: MemoryEstimate;
}

/**
 * Asks the trainer what a launch would need of memory. It answers in a process of its own (`trainyard train CONFIG --memory`), since it opens the data and builds graphs, which would
 * hold the worker up for seconds. An answer is kept for a while by configuration.
 */
export class MemoryEstimates {
  readonly #installation: TrainerProgram;
  readonly #now: () => number;
  readonly #kept = new Map<string, Kept>();

  constructor(installation: TrainerProgram, now: () => number = Date.now) {
    this.#installation = installation;
    this.#now = now;
  }

  /** The estimate, until `signal` ends the asking. Throws `bad-config` for a configuration with problems, `cancelled`, and what the trainer says against it. */
  async of(request: LaunchRequest, signal: AbortSignal): Promise<MemoryEstimate> {
    const resolved = await resolveLaunch(request);
    if (resolved.problems.length > 0) throw new AppError('bad-config', resolved.problems.join('\n'));
    const key = keyOf(request, resolved);
    const known = this.#kept.get(key);
    if (known !== undefined && this.#now() - known.at < freshMs) return known.estimate;
    const estimate = await this.#ask(resolved.configYaml, request.folder, signal);
    this.#keep(key, estimate);
    return estimate;
  }

  async #ask(configYaml: string, cwd: string, signal: AbortSignal): Promise<MemoryEstimate> {
    // The folder is the user's alone (mkdtemp makes it 0700).
    const folder = mkdtempSync(path.join(tmpdir(), 'trainyard-memory-'));
    try {
      const file = path.join(folder, 'config.yaml');
      writeFileSync(file, configYaml, { mode: 0o600 });
      return await this.#run(file, cwd, signal);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  #run(file: string, cwd: string, signal: AbortSignal): Promise<MemoryEstimate> {
    const { node, nodeArguments, trainyard, env } = this.#installation;
    const args = [...nodeArguments, trainyard, 'train', file, '--memory', '--json'];
    const options = { cwd, signal, timeout: patienceMs, maxBuffer: 1_000_000, env: { ...process.env, ...env } };
    return new Promise((resolve, reject) => {
      execFile(node, args, options, (error, stdout, stderr) => {
        if (signal.aborted) reject(new AppError('cancelled', 'The estimate was cancelled.'));
        else if (error?.killed === true) reject(tookTooLong());
        else answerOf(stdout, stderr).then(resolve, reject);
      });
    });
  }

  #keep(key: string, estimate: MemoryEstimate): void {
    this.#kept.delete(key);
    this.#kept.set(key, { at: this.#now(), estimate });
    const oldest = [...this.#kept.keys()][0]!;
    if (this.#kept.size > mostKept) this.#kept.delete(oldest);
  }
}

/** The name of a run changes nothing of its memory. */
function keyOf({ folder }: LaunchRequest, { recipe, config }: ResolvedLaunch): string {
  const { name: _, ...rest } = config;
  return createHash('sha256')
    .update(JSON.stringify([folder, recipe.id, rest]))
    .digest('hex');
}

/** The line that the trainer printed: an estimate, or why there is none. */
async function answerOf(stdout: string, stderr: string): Promise<MemoryEstimate> {
  const line = stdout.trim().split('\n').at(-1) ?? '';
  if (!line.startsWith('{')) {
    const why = stderr.trim().split('\n').at(-1) || 'The trainer said nothing.';
    throw new AppError('internal', `The memory cannot be estimated. ${why}`);
  }
  const answer = JSON.parse(line) as MemoryEstimate | { readonly error: ErrorInfo };
  if (!('error' in answer)) return answer;
  throw fromErrorInfo(answer.error);
}

function tookTooLong(): AppError {
  return new AppError('timeout', `The memory was not estimated within ${patienceMs / 1000} seconds.`, {
    hint: 'The run says itself what it needs when it starts.',
  });
}
