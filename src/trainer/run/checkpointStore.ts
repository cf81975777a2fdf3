import { copyFileSync, linkSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { AppError, toErrorInfo } from '../../base/errors.ts';
import { runFiles, stepName } from '../../domain/runDirectory.ts';
import type { ParameterSlot } from '../../graph/index.ts';
import { nonFiniteVector, type TrainState } from '../engine/trainState.ts';
import { syncFolder, temporaryPrefix, writeFileDurably } from '../files/durableFile.ts';
import { makeFolders } from '../files/makeFolders.ts';
import { type CheckpointFacts, encodeCheckpoint } from './checkpointFile.ts';

/** The checkpoints folder of a run: the latest few by step, and `last.safetensors`, which is the newest one under a fixed name. */
export class CheckpointStore {
  readonly #runFolder: string;
  readonly #folder: string;
  readonly #layout: readonly ParameterSlot[];
  readonly #facts: CheckpointFacts;
  readonly #keep: number;
  #savedStep: number | undefined;

  constructor(runFolder: string, layout: readonly ParameterSlot[], facts: CheckpointFacts, keep: number) {
    this.#runFolder = runFolder;
    this.#folder = path.join(runFolder, runFiles.checkpoints);
    this.#layout = layout;
    this.#facts = facts;
    this.#keep = keep;
    makeFolders(this.#folder);
    removeTemporaryFiles(this.#folder);
  }

  /** The step of the newest checkpoint that this run has written or begun from. */
  get savedStep(): number | undefined {
    return this.#savedStep;
  }

  /** Counts a state as saved: that of the checkpoint that the run goes on from in this folder. */
  startFrom(step: number): void {
    this.#savedStep = step;
  }

  /**
   * Writes a checkpoint, then moves `last` to it, then deletes the oldest ones. A failure leaves the ones before as they are.
   * A state with a value that is not a number is refused with AppError 'diverged'.
   */
  save(state: TrainState): void {
    const bad = nonFiniteVector(state);
    if (bad !== undefined) {
      throw new AppError(
        'diverged',
        `The ${bad} of step ${state.step} holds values that are not numbers; no checkpoint was made of it.`,
      );
    }
    const name = checkpointName(state.step);
    const file = path.join(this.#folder, name);
    try {
      writeFileDurably(file, encodeCheckpoint(state, this.#layout, this.#facts));
      this.#pointLast(file);
    } catch (error) {
      throw this.#describe(error, name);
    }
    this.#savedStep = state.step;
    this.#prune(name);
  }

  /** A second name for the same file where the file system can do that, else a copy. */
  #pointLast(file: string): void {
    const last = path.join(this.#runFolder, runFiles.lastCheckpoint);
    const temporary = path.join(this.#folder, `${temporaryPrefix}${process.pid}-last.tmp`);
    rmSync(temporary, { force: true });
    try {
      linkSync(file, temporary);
    } catch {
      copyFileSync(file, temporary);
    }
    renameSync(temporary, last);
    // Where both names were one file already, renaming does nothing and leaves the temporary name.
    rmSync(temporary, { force: true });
    syncFolder(this.#folder);
  }

  /** Keeps the newest file and the highest steps beside it. */
  #prune(newest: string): void {
    const others = readdirSync(this.#folder).filter((name) => checkpointPattern.test(name) && name !== newest);
    const surplus = others.length - (this.#keep - 1);
    for (const name of others.sort().slice(0, Math.max(0, surplus)))
      rmSync(path.join(this.#folder, name), { force: true });
  }

  #describe(error: unknown, name: string): AppError {
    const { code, message, hint } = toErrorInfo(error);
    const kept =
      this.#savedStep === undefined ? 'There is no earlier one.' : `The one of step ${this.#savedStep} is kept.`;
    return new AppError(code, `The checkpoint ${name} could not be written. ${message}. ${kept}`, {
      ...(hint === undefined ? {} : { hint }),
      cause: error,
    });
  }
}

const checkpointPattern = /^step_\d{8,}\.safetensors$/;

/** `step_00001000.safetensors` */
function checkpointName(step: number): string {
  return `${stepName(step)}.safetensors`;
}

/** Deletes what a killed process was writing. */
export function removeTemporaryFiles(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (name.startsWith(temporaryPrefix)) rmSync(path.join(folder, name), { force: true });
  }
}
