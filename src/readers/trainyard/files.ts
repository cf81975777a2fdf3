import { stat } from 'node:fs/promises';
import path from 'node:path';
import { ok, type Result } from '../../base/result.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { LaunchRecord } from '../../domain/launch.ts';
import type { ReaderProblem } from '../../domain/records.ts';
import {
  type ElsewhereFile,
  type ExitFile,
  type OutcomeFile,
  type ProgressFile,
  type RunFile,
  runFiles,
  type ShimState,
} from '../../domain/runDirectory.ts';
import { type JsonFileReason, readJsonObject, readSmallText } from '../files/jsonFile.ts';
import { parseYaml } from '../files/yaml.ts';

/** The small files of a run directory, as far as they are there and whole. */
export interface RunDirectoryFiles {
  readonly launch?: LaunchRecord;
  readonly run?: RunFile;
  readonly progress?: ProgressFile;
  readonly outcome?: OutcomeFile;
  readonly state?: ShimState;
  readonly exit?: ExitFile;
  readonly elsewhere?: ElsewhereFile;
  readonly config?: JsonObject;
}

type FileKey = keyof RunDirectoryFiles;

/** Fields without which a file says nothing, by type. A file that lacks one is treated as one that is not whole yet. */
const required: {
  readonly [Key in FileKey]: { readonly [field: string]: 'string' | 'number' | 'object' | 'boolean' };
} = {
  launch: { id: 'string', name: 'string', recipe: 'string', createdAt: 'number' },
  run: { id: 'string', name: 'string', recipe: 'string', startedAt: 'number', device: 'object', metrics: 'object' },
  progress: { step: 'number', totalSteps: 'number', phase: 'string', updatedAt: 'number' },
  outcome: { status: 'string', step: 'number', endedAt: 'number' },
  state: { shim: 'object', startedAt: 'number', heartbeatAt: 'number' },
  exit: { endedAt: 'number', stopRequested: 'boolean' },
  elsewhere: { state: 'string', detail: 'string' },
  config: {},
};

const fileNames: { readonly [Key in FileKey]: string } = {
  launch: runFiles.launch,
  run: runFiles.run,
  progress: runFiles.progress,
  outcome: runFiles.outcome,
  state: runFiles.state,
  exit: runFiles.exit,
  elsewhere: runFiles.elsewhere,
  config: runFiles.config,
};

/** A file that has been unfinished for this long will not be finished any more. */
const patienceSeconds = 10;

/** Remembers the files of a run directory and reads again only what changed. */
export class RunDirectory {
  readonly #folder: string;
  readonly #known = new Map<
    FileKey,
    {
      readonly signature: string;
      readonly value: JsonObject | undefined;
      readonly message?: string;
      readonly changedAt: number;
    }
  >();
  readonly #told = new Set<string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The files as they are now. A half-written one keeps its last whole content. */
  async read(now: number): Promise<{ readonly files: RunDirectoryFiles; readonly problems: readonly ReaderProblem[] }> {
    const keys = Object.keys(fileNames) as FileKey[];
    await Promise.all(keys.map((key) => this.#refresh(key)));
    const whole = keys.flatMap((key) => {
      const value = this.#known.get(key)?.value;
      return value === undefined ? [] : [[key, value] as const];
    });
    return {
      files: Object.fromEntries(whole) as RunDirectoryFiles,
      problems: keys.flatMap((key) => this.#problem(key, now)),
    };
  }

  async #refresh(key: FileKey): Promise<void> {
    const file = path.join(this.#folder, fileNames[key]);
    const facts = await stat(file, { bigint: true }).catch(() => undefined);
    if (facts === undefined) {
      this.#known.delete(key);
      return;
    }
    const signature = `${facts.ino}:${facts.size}:${facts.mtimeNs}`;
    const known = this.#known.get(key);
    if (known?.signature === signature) return;
    const changedAt = Number(facts.mtimeNs) / 1e9;
    const read = await readFile(key, file);
    if (read.ok) this.#known.set(key, { signature, value: read.value, changedAt });
    else this.#known.set(key, { signature, value: known?.value, message: read.message, changedAt });
  }

  #problem(key: FileKey, now: number): readonly ReaderProblem[] {
    const known = this.#known.get(key);
    if (known?.message === undefined || now - known.changedAt < patienceSeconds) return [];
    const told = `${key}:${known.signature}`;
    if (this.#told.has(told)) return [];
    this.#told.add(told);
    return [{ file: fileNames[key], message: known.message }];
  }
}

async function readFile(key: FileKey, file: string): Promise<Result<JsonObject, JsonFileReason>> {
  if (key === 'config') {
    const text = await readSmallText(file);
    return text.ok ? parseYaml(text.value, file) : text;
  }
  const read = await readJsonObject(file);
  if (!read.ok) return read;
  const missing = Object.entries(required[key]).find(
    ([field, type]) => typeof read.value[field] !== type || read.value[field] === null,
  );
  if (missing !== undefined)
    return { ok: false, reason: 'unfinished', message: `${file} lacks the field "${missing[0]}".` };
  return ok(read.value);
}
