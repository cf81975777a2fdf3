import { open, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { MediaRecord } from '../../domain/records.ts';
import { runFiles } from '../../domain/runDirectory.ts';

/** The tag of the pictures in `samples/`, and the prefix of what the event files hold of the same pictures. */
export const samplesTag = 'samples';

/** Finds the sample pictures of a run that are new and whole. */
export class SampleFolder {
  readonly #folder: string;

  constructor(runFolder: string) {
    this.#folder = path.join(runFolder, runFiles.samples);
  }

  /** Pictures that are not among the known names. One that is still being written comes with a later poll. */
  async readNew(known: ReadonlySet<string>): Promise<readonly MediaRecord[]> {
    const names = await readdir(this.#folder).catch(() => []);
    const fresh = names.flatMap((name) => {
      const step = /^(?:.*_)?step_(\d{1,15})\.png$/.exec(name)?.[1];
      return step === undefined || known.has(name) ? [] : [{ name, step: Number(step) }];
    });
    fresh.sort((a, b) => a.step - b.step || (a.name < b.name ? -1 : 1));
    const records = await Promise.all(fresh.map(({ name, step }) => this.#read(name, step)));
    return records.filter((record) => record !== undefined);
  }

  async #read(name: string, step: number): Promise<MediaRecord | undefined> {
    const handle = await open(path.join(this.#folder, name), 'r').catch(() => undefined);
    if (handle === undefined) return undefined;
    try {
      const { size, mtimeMs, isFile } = await handle
        .stat()
        .then((facts) => ({ size: facts.size, mtimeMs: facts.mtimeMs, isFile: facts.isFile() }));
      if (!isFile || size < headBytes + tailBytes) return undefined;
      const head = Buffer.alloc(headBytes);
      const tail = Buffer.alloc(tailBytes);
      await handle.read(head, 0, headBytes, 0);
      await handle.read(tail, 0, tailBytes, size - tailBytes);
      if (!head.subarray(0, 8).equals(pngSignature) || tail.toString('latin1', 4, 8) !== 'IEND') return undefined;
      return {
        tag: samplesTag,
        kind: 'image',
        step,
        wallTime: mtimeMs / 1000,
        index: 0,
        mime: 'image/png',
        width: head.readUInt32BE(16),
        height: head.readUInt32BE(20),
        place: { at: 'file', file: `${runFiles.samples}/${name}` },
      };
    } finally {
      await handle.close();
    }
  }
}

/** Signature, then the IHDR chunk up to width and height; the last chunk is an empty IEND with its checksum (PNG, RFC 2083 §3 and §4.1). */
const headBytes = 24;
const tailBytes = 12;
const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
