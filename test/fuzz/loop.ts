import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { mutate } from './mutate.ts';
import { Random } from './random.ts';
import type { FuzzInput, FuzzTarget, Tree } from './target.ts';

/** Something that a spoiled input led to and must not. */
export interface Finding {
  readonly target: string;
  /** `--seed` and the number of the input within it: together they make the same input again. */
  readonly seed: string;
  readonly index: number;
  readonly message: string;
  readonly tree: Tree;
}

export interface FuzzOptions {
  readonly seed: string;
  /** Number of the first input, and how many there are. */
  readonly from?: number;
  readonly inputs: number;
  /** A folder of its own for files; it is emptied. */
  readonly folder: string;
  /** Told before each input, so that one that never ends is known. */
  readonly onInput?: (index: number) => void;
}

/** Reading takes less than a second per megabyte; a small file has as much as one of half a megabyte, because the first one pays for the compiler. */
const secondsPerMegabyte = 1;
const leastMegabytes = 0.5;

/** What one input may add to the memory that the process has ever used: a constant, and a multiple of the file. */
const memoryConstant = 192 * 1024 * 1024;
const memoryPerByte = 200;

/** Spoils a target's seeds and reads them, one after the other; gives back what went wrong. */
export async function fuzz(name: string, target: FuzzTarget, options: FuzzOptions): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const { seed, from = 0, inputs, folder, onInput } = options;
  const seeds = target.seeds();
  const disk = new Disk(folder);
  for (let index = from; index < from + inputs; index++) {
    onInput?.(index);
    const made = makeInput(name, target, seeds, seed, index);
    const place = target.onDisk ? disk.write(made) : folder;
    const message = await readInput(target, made, place);
    if (target.onDisk) disk.restore(made);
    if (message !== undefined) findings.push({ target: name, seed, index, message, tree: made.tree });
  }
  return findings;
}

/** A seed with one file spoiled. */
export interface MadeInput {
  readonly tree: Tree;
  /** The sound tree, and the name of the file that differs. */
  readonly seed: Tree;
  readonly spoiled: string;
}

/** The input of a number: always the same one. */
export function makeInput(
  name: string,
  target: FuzzTarget,
  seeds: readonly Tree[],
  seed: string,
  index: number,
): MadeInput {
  const random = new Random(`${name}/${seed}/${index}`);
  const tree = random.pick(seeds);
  const names = Object.keys(tree).filter((file) => target.spoils?.test(file) ?? true);
  const chosen = random.pick(names);
  // A copy: what is put right is put right in place.
  const spoiled = Uint8Array.from(mutate(tree[chosen]!, random, Object.values(tree)));
  if (random.chance(2 / 3)) target.fixUps?.find(({ file }) => file.test(chosen))?.fix(spoiled);
  return { tree: { ...tree, [chosen]: spoiled }, seed: tree, spoiled: chosen };
}

/** Sound trees in folders of their own, of which one file at a time is another one. */
class Disk {
  readonly #folder: string;
  readonly #places = new Map<Tree, string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The folder that holds the tree. */
  write({ tree, seed, spoiled }: MadeInput): string {
    const place = this.#places.get(seed) ?? this.#writeSound(seed);
    writeFileSync(path.join(place, spoiled), tree[spoiled]!);
    return place;
  }

  restore({ seed, spoiled }: MadeInput): void {
    writeFileSync(path.join(this.#places.get(seed)!, spoiled), seed[spoiled]!);
  }

  #writeSound(seed: Tree): string {
    const place = path.join(this.#folder, `tree${this.#places.size}`);
    this.#places.set(seed, place);
    for (const [name, content] of Object.entries(seed)) {
      mkdirSync(path.dirname(path.join(place, name)), { recursive: true });
      writeFileSync(path.join(place, name), content);
    }
    return place;
  }
}

async function readInput(
  target: FuzzTarget,
  { tree, spoiled }: MadeInput,
  folder: string,
): Promise<string | undefined> {
  const bytes = Object.values(tree).reduce((sum, { length }) => sum + length, 0);
  const memory = process.resourceUsage().maxRSS * 1024;
  const input = { tree, spoiled, folder, bytes };
  const first = await timed(target, input);
  if (first.message !== undefined) return first.message;
  const grown = process.resourceUsage().maxRSS * 1024 - memory;
  if (grown > memoryConstant + memoryPerByte * bytes)
    return `Reading ${bytes} bytes took ${Math.round(grown / 2 ** 20)} MiB of memory.`;
  const limit = secondsPerMegabyte * Math.max(leastMegabytes, bytes / 1e6);
  let seconds = first.seconds;
  // What is slow once may have been the compiler's or the collector's work; what is slow three times is slow.
  for (let again = 0; again < 2 && seconds > limit; again++)
    seconds = Math.min(seconds, (await timed(target, input)).seconds);
  return seconds > limit ? `Reading ${bytes} bytes took ${seconds.toFixed(2)} s.` : undefined;
}

async function timed(
  target: FuzzTarget,
  input: FuzzInput,
): Promise<{ readonly seconds: number; readonly message?: string }> {
  // The processor's time, not the clock's: the machine may be busy with other things. What waits for ever is seen by the process above.
  const start = process.cpuUsage();
  try {
    await target.read(input);
    const { user, system } = process.cpuUsage(start);
    return { seconds: (user + system) / 1e6 };
  } catch (error) {
    return { seconds: 0, message: (error as Error).stack ?? String(error) };
  }
}
