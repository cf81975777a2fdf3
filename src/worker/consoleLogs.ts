import path from 'node:path';
import { AppError } from '../base/errors.ts';
import type { ConsoleLog } from '../domain/run.ts';
import { runFiles } from '../domain/runDirectory.ts';
import { EmbeddedConsole } from '../readers/wandb/embeddedConsole.ts';
import type { LiveRun } from './runs/liveRun.ts';
import { type LogPiece, readLogFile, readLogPiece } from './runs/runFiles.ts';

/** Outputs that were decoded and are kept, since who follows a log asks for its next piece soon. */
const mostKept = 4;

/** What runs printed, piece by piece, as `log.read` of the protocol gives it. Files are those that the readers named, so no client can ask for another one. */
export class ConsoleLogs {
  /** In the order of use, oldest first. */
  readonly #embedded = new Map<string, { readonly text: EmbeddedConsole; reading: Promise<unknown> }>();

  /** A piece of the run's own output, or of one of the logs that its readers found. Rejects with `not-found` where the run has no log of that number. */
  read(run: LiveRun, log: number | undefined, from: number, maxBytes: number): Promise<LogPiece> {
    const logs = run.facts.console ?? [];
    const isOwn = log === undefined && (run.found.source === 'trainyard' || logs.length === 0);
    if (isOwn) return readLogFile(path.join(run.found.path, runFiles.log), from, maxBytes);
    const chosen = logs[log ?? 0];
    if (chosen === undefined)
      return Promise.reject(new AppError('not-found', `There is no console log ${log} of this run.`));
    return this.#readers[chosen.encoding](chosen.file, from, maxBytes);
  }

  readonly #readers: {
    readonly [E in ConsoleLog['encoding']]: (file: string, from: number, maxBytes: number) => Promise<LogPiece>;
  } = {
    text: readLogFile,
    wandb: (file, from, maxBytes) => this.#readEmbedded(file, from, maxBytes),
  };

  async #readEmbedded(file: string, from: number, maxBytes: number): Promise<LogPiece> {
    const kept = this.#embedded.get(file) ?? { text: new EmbeddedConsole(file), reading: Promise.resolve() };
    this.#embedded.delete(file);
    this.#embedded.set(file, kept);
    for (const oldest of this.#embedded.keys()) {
      if (this.#embedded.size <= mostKept) break;
      this.#embedded.delete(oldest);
    }
    // Two questions at once would read the same records twice.
    kept.reading = kept.reading.then(() => kept.text.update());
    await kept.reading;
    const { bytes } = kept.text;
    return await readLogPiece(bytes.length, (start, length) => bytes.slice(start, start + length), from, maxBytes);
  }
}
