import { open } from 'node:fs/promises';
import { MalformedMessage, WireReader, wireTypes } from '../tensorboard/wire.ts';
import { type LogPosition, LogScan } from './logFile.ts';
import { readOutput } from './records.ts';

/** Fields of Record that hold output: output = 4 (old SDK) and output_raw = 13 (wandb_internal.proto). */
const outputKeys: ReadonlySet<number> = new Set([4, 13].map((field) => field * 8 + wireTypes.bytes));

/** What is behind this is not kept: a log of that size is no reading matter. */
const mostBytes = 64_000_000;
const budget = 64 * 1024 * 1024;

/**
 * What a program printed, out of the output records inside a W&B transaction log, where `output.log` is missing: the run was killed before W&B wrote it, or it
 * is the log of a run that goes on. Both streams in the order in which W&B heard of them, as UTF-8.
 */
export class EmbeddedConsole {
  readonly #file: string;
  #position: LogPosition = { offset: 0 };
  #bytes = new Uint8Array(64 * 1024);
  #length = 0;

  constructor(file: string) {
    this.#file = file;
  }

  /** The output that was read so far. Valid until the next `update`. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Reads what is new. A file that shrank is read from its start; one that is gone keeps what was read. */
  async update(): Promise<void> {
    const handle = await open(this.#file, 'r').catch(() => undefined);
    if (handle === undefined) return;
    try {
      const { size } = await handle.stat();
      if (size < this.#position.offset) {
        this.#position = { offset: 0 };
        this.#length = 0;
      }
      if (size === this.#position.offset) return;
      const file = { name: this.#file, handle, size };
      const scan = new LogScan(file, this.#position, ({ bytes, view, start, end }) =>
        this.#take(new WireReader(bytes, view, { start, end })),
      );
      while (await scan.run(budget));
    } finally {
      await handle.close();
    }
  }

  /** A record that is no message is passed over: the reader of the run says that the log is damaged. */
  #take(record: WireReader): void {
    try {
      this.#takeFields(record);
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
    }
  }

  #takeFields(record: WireReader): void {
    while (record.more) {
      const key = record.key();
      if (!outputKeys.has(key)) record.skip(key);
      else {
        const { line } = readOutput(record.inside(record.range()));
        if (line !== undefined) this.#append(record.bytes.subarray(line.start, line.end));
      }
    }
  }

  #append(line: Uint8Array): void {
    const needed = this.#length + line.length;
    if (needed > mostBytes) return;
    if (needed > this.#bytes.length) {
      const wider = new Uint8Array(Math.min(mostBytes, Math.max(needed, 2 * this.#bytes.length)));
      wider.set(this.bytes);
      this.#bytes = wider;
    }
    this.#bytes.set(line, this.#length);
    this.#length = needed;
  }
}
