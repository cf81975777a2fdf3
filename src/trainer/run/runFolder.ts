import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import { AppError, type ErrorInfo, toErrorInfo } from '../../base/errors.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { LaunchRecord } from '../../domain/launch.ts';
import { type OutcomeFile, type ProgressFile, type RunFile, runFiles, stepName } from '../../domain/runDirectory.ts';
import { writeFileDurably, writeJsonDurably } from '../files/durableFile.ts';
import { makeFolders } from '../files/makeFolders.ts';
import { removeTemporaryFiles } from './checkpointStore.ts';
import { peakMemory } from './freeMemory.ts';

/** Kept free so that the last word of a run finds room on a full disk. */
const spareFile = '.spare';
const spareBytes = 64 * 1024;

/** The directory of one run: who may use it, and the small files in it. */
export class RunFolder {
  readonly path: string;
  #progressAt = 0;

  private constructor(folder: string) {
    this.path = folder;
  }

  /**
   * Takes a directory for a run, making it where it is missing. One in which a run has been already is refused with AppError 'conflict',
   * unless the run goes on there.
   */
  static open(folder: string, goesOn: boolean): RunFolder {
    if (!goesOn && existsSync(path.join(folder, runFiles.run))) {
      throw new AppError('conflict', `${folder} holds a run already.`, {
        hint: 'Give another name, or resume=last to go on with that run.',
      });
    }
    try {
      makeFolders(path.join(folder, runFiles.samples));
      removeTemporaryFiles(folder);
      writeFileDurably(path.join(folder, spareFile), new Uint8Array(spareBytes));
      rmSync(path.join(folder, runFiles.outcome), { force: true });
    } catch (error) {
      throw cannotUse(folder, error);
    }
    return new RunFolder(folder);
  }

  /** The last part of the path. */
  get name(): string {
    return path.basename(this.path);
  }

  file(name: string): string {
    return path.join(this.path, name);
  }

  /** `launch.json`, where the worker started the run. */
  launchRecord(): LaunchRecord | undefined {
    const file = this.file(runFiles.launch);
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as LaunchRecord) : undefined;
  }

  /** `config.yaml`: the recipe and every value, the seed included. Gives the text. */
  writeConfig(recipe: string, config: JsonObject): string {
    const text = stringify({ recipe, ...config });
    writeFileDurably(this.file(runFiles.config), text);
    return text;
  }

  writeRun(run: RunFile): void {
    writeJsonDurably(this.file(runFiles.run), run);
  }

  /** `progress.json`, at most once a second unless `now` is asked for. */
  writeProgress(progress: Omit<ProgressFile, 'updatedAt'>, now = false): void {
    const time = Date.now();
    if (!now && time - this.#progressAt < 1000) return;
    this.#progressAt = time;
    writeJsonDurably(this.file(runFiles.progress), { ...progress, updatedAt: time / 1000 } satisfies ProgressFile);
  }

  /** `samples/step_00000500.png`, or with the ending of another kind of samples. */
  writeSample(step: number, ending: string, bytes: Uint8Array): void {
    writeFileDurably(this.file(path.join(runFiles.samples, `${stepName(step)}.${ending}`)), bytes);
  }

  writeModel(bytes: Uint8Array): void {
    writeFileDurably(this.file(runFiles.model), bytes);
  }

  /** `outcome.json`, the last word. It takes the place of the spare file. */
  writeOutcome(status: OutcomeFile['status'], step: number, error?: ErrorInfo): void {
    rmSync(this.file(spareFile), { force: true });
    const outcome: OutcomeFile = {
      status,
      step,
      endedAt: Date.now() / 1000,
      peakMemory: peakMemory(),
      ...(error === undefined ? {} : { error }),
    };
    writeJsonDurably(this.file(runFiles.outcome), outcome);
  }
}

function cannotUse(folder: string, error: unknown): AppError {
  const systemCode = (error as { code?: unknown }).code;
  if (systemCode === 'ENOTDIR' || systemCode === 'EEXIST') {
    return new AppError('conflict', `The run directory ${folder} cannot be made: a file is in its place.`, {
      hint: 'Give another name, or remove that file.',
      cause: error,
    });
  }
  const { code, message, hint } = toErrorInfo(error);
  return new AppError(code, `The run directory ${folder} cannot be written to. ${message}`, {
    hint: hint ?? 'Choose another folder.',
    cause: error,
  });
}
