import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeFolders } from '../files/makeFolders.ts';
import { processorIdentity } from './processor.ts';

/** Names the folder in which optimized models are kept; nothing is kept where it is missing or empty. The command line sets it. */
export const modelCacheVariable = 'TRAINYARD_MODEL_CACHE';

/** Smaller models are optimized in a tenth of a second; larger ones are large by their weights, which need no optimizing. */
const smallestBytes = 64_000;
const largestBytes = 64_000_000;

/** Together; what was not used for longest goes first. */
const mostBytes = 256_000_000;

/** Older files that are on their way, in milliseconds, belong to a process that was killed. */
const longestOnItsWay = 3_600_000;

const digestBytes = 32;
const suffix = '.optimized';

/**
 * Models as ONNX Runtime has optimized them, so that the same model starts in the time of one that needs no optimizing: a half to a third of it, since that
 * grows faster than the graph. A file holds the SHA-256 of what follows; one that does not hold it is thrown away. Optimizing depends on the processor's
 * instructions, which a home directory on several machines does not share, and on ONNX Runtime's version, so both are part of the key. A folder that cannot be used is as good as an empty one.
 */
export class ModelCache {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The cache that the environment names, for a model of this many bytes; undefined where it is not to be kept. */
  static for(bytes: number, environment: NodeJS.ProcessEnv = process.env): ModelCache | undefined {
    const folder = environment[modelCacheVariable];
    if (folder === undefined || folder === '' || bytes < smallestBytes || bytes > largestBytes) return undefined;
    return new ModelCache(folder);
  }

  /** What a model is kept under: its bytes and everything that its optimized form depends on. */
  static keyOf(model: Uint8Array, ...circumstances: readonly string[]): string {
    const hash = createHash('sha256').update(model);
    for (const each of [processorIdentity(), ...circumstances]) hash.update(`\0${each}`);
    return hash.digest('hex');
  }

  /** The optimized model, or undefined where there is none or it is damaged. */
  read(key: string): Uint8Array | undefined {
    const file = this.#file(key);
    try {
      const content = readFileSync(file);
      const model = content.subarray(digestBytes);
      if (!digestOf(model).equals(content.subarray(0, digestBytes))) {
        this.forget(key);
        return undefined;
      }
      const now = new Date();
      utimesSync(file, now, now);
      return model;
    } catch {
      return undefined;
    }
  }

  /** A path to which ONNX Runtime may write the optimized model, for `keep`; undefined where the folder cannot be made. */
  place(key: string): string | undefined {
    try {
      makeFolders(this.#folder);
      return path.join(this.#folder, `.${key}-${process.pid}.onnx`);
    } catch {
      return undefined;
    }
  }

  /** Takes in what was written to a place, and makes room. */
  keep(key: string, place: string): void {
    const whole = `${place}.whole`;
    try {
      const model = readFileSync(place);
      // A new file, since ONNX Runtime made its own readable by others.
      writeFileSync(whole, Buffer.concat([digestOf(model), model]), { mode: 0o600 });
      renameSync(whole, this.#file(key));
      this.#makeRoom();
    } catch {
      rmSync(whole, { force: true });
    } finally {
      rmSync(place, { force: true });
    }
  }

  /** Throws away a model that does not load. */
  forget(key: string): void {
    rmSync(this.#file(key), { force: true });
  }

  /** Also clears away what a kill left on its way. */
  #makeRoom(): void {
    const names = readdirSync(this.#folder);
    for (const name of names.filter((each) => !each.endsWith(suffix))) {
      const file = path.join(this.#folder, name);
      const changed = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
      if (Date.now() - changed > longestOnItsWay) rmSync(file, { force: true });
    }
    const files = names
      .filter((name) => name.endsWith(suffix))
      .flatMap((name) => {
        const facts = statSync(path.join(this.#folder, name), { throwIfNoEntry: false });
        return facts === undefined ? [] : [{ name, size: facts.size, used: facts.mtimeMs }];
      })
      .sort((a, b) => b.used - a.used);
    let total = 0;
    for (const { name, size } of files) {
      total += size;
      if (total > mostBytes) rmSync(path.join(this.#folder, name), { force: true });
    }
  }

  #file(key: string): string {
    return path.join(this.#folder, `${key}${suffix}`);
  }
}

function digestOf(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
