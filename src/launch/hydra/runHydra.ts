import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { EntryPoint } from '../../domain/entryPoint.ts';
import type { Executor } from '../remote/executor.ts';
import { readConfigText } from './configText.ts';
import { explainHydra, type HydraAnswer } from './explainHydra.ts';

/** Programs import their libraries before Hydra composes. */
const timeoutMs = 60_000;
const maxKept = 100;

/** Asks programs for their configuration by `--cfg job`, which starts no job. Answers are kept by the words and the content of all files. */
export class HydraRunner {
  readonly #executor: Executor;
  readonly #kept = new Map<string, HydraAnswer>();

  constructor(executor: Executor) {
    this.#executor = executor;
  }

  async ask(
    entry: EntryPoint,
    words: readonly string[],
    files: readonly string[],
    signal?: AbortSignal,
  ): Promise<HydraAnswer> {
    const command = askingCommand(entry);
    if (command === undefined)
      return {
        kind: 'unavailable',
        message: `${entry.title} is not asked itself: it starts the Hydra program only after work of its own.`,
      };
    const key = keyOf(entry, words, files);
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    const answer = await this.#run(entry, [...command, ...words, '--cfg', 'job'], signal);
    if (this.#kept.size >= maxKept) this.#kept.delete(this.#kept.keys().next().value!);
    this.#kept.set(key, answer);
    return answer;
  }

  async #run(entry: EntryPoint, command: readonly string[], signal: AbortSignal | undefined): Promise<HydraAnswer> {
    try {
      const { code, stdout, stderr } = await this.#executor.run(command, {
        cwd: entry.cwd,
        // No GPU is touched, and nothing is fetched, for a look at a configuration.
        env: {
          ...entry.env,
          CUDA_VISIBLE_DEVICES: '',
          HYDRA_FULL_ERROR: '0',
          WANDB_MODE: 'disabled',
          UV_NO_SYNC: '1',
          PYTHONDONTWRITEBYTECODE: '1',
        },
        timeoutMs,
        ...(signal === undefined ? {} : { signal }),
      });
      return code === 0 ? readAnswer(stdout) : explainHydra(stderr);
    } catch (error) {
      if (signal?.aborted) throw error;
      return { kind: 'unavailable', message: `${command[0]} could not be asked: ${(error as Error).message}` };
    }
  }
}

/** The program before its overrides; undefined where it is no Hydra program itself, or its environment is not made yet. */
function askingCommand(entry: EntryPoint): readonly string[] | undefined {
  if (entry.kind !== 'hydra') return undefined;
  // `uv run` would make the environment first.
  if (entry.python?.kind === 'uv' && !existsSync(path.join(entry.cwd, '.venv'))) return undefined;
  return entry.command;
}

function readAnswer(stdout: string): HydraAnswer {
  const { tree, problems } = readConfigText(stdout, 'the configuration');
  if (problems.length > 0)
    return { kind: 'unavailable', message: `What the program printed is no configuration alone: ${problems[0]}` };
  return { kind: 'composed', yaml: stdout, config: tree };
}

function keyOf(entry: EntryPoint, words: readonly string[], files: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify([entry.command, entry.cwd, words]));
  for (const file of [...files, ...(entry.file === undefined ? [] : [entry.file])].sort()) {
    hash.update(`\0${file}\0`);
    try {
      hash.update(readFileSync(file));
    } catch {
      // A file that has gone changes the key by having no content.
    }
  }
  return hash.digest('hex');
}
