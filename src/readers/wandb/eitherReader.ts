import { access } from 'node:fs/promises';
import path from 'node:path';
import type { FoundRun, PollResult, ReaderCursor } from '../../domain/records.ts';
import type { PollBudget, RunReader } from '../format.ts';
import { oldLogs, oldSideFileNames } from './names.ts';
import { OldWandbReader } from './oldReader.ts';
import { WandbReader } from './reader.ts';

/** Reads a run's folder of any version: the files in it tell which, once there are any. */
export class EitherReader implements RunReader {
  readonly #run: FoundRun;
  #reader: RunReader | undefined;

  constructor(run: FoundRun) {
    this.#run = run;
  }

  async poll(cursor: ReaderCursor | undefined, budget: PollBudget): Promise<PollResult> {
    this.#reader ??= (await this.#isOld()) ? new OldWandbReader(this.#run) : new WandbReader(this.#run);
    return this.#reader.poll(cursor, budget);
  }

  dispose(): void {
    this.#reader?.dispose();
  }

  /** Versions before 0.10 put their files into the run's folder itself. */
  async #isOld(): Promise<boolean> {
    const names = [oldLogs.history, oldSideFileNames.metadata];
    const found = await Promise.all(
      names.map((name) =>
        access(path.join(this.#run.path, name)).then(
          () => true,
          () => false,
        ),
      ),
    );
    return found.includes(true);
  }
}
