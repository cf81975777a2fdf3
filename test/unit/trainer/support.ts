import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { stringify } from 'yaml';
import type { Recipe } from '../../../src/recipes/recipe.ts';
import { train } from '../../../src/trainer/train.ts';

/** A fresh folder that is removed after the test. */
export function temporaryFolder(test: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'trainyard-trainer-'));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface TinyImages {
  readonly examples: number;
  readonly side: number;
  readonly classes: number;
}

/** Images that a network can tell apart: class c is a bright row at c, plus a pattern that differs from image to image. */
export function tinyImages({ examples, side, classes }: TinyImages): { images: Uint8Array; labels: Uint8Array } {
  const images = new Uint8Array(examples * side * side);
  const labels = Uint8Array.from({ length: examples }, (_, i) => i % classes);
  for (let i = 0; i < examples; i++) {
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const bright = y === Math.floor(((labels[i]! + 0.5) * side) / classes);
        images[(i * side + y) * side + x] = (bright ? 200 : 10) + ((i * 7 + y * 3 + x * 5) % 40);
      }
    }
  }
  return { images, labels };
}

/** The bytes of an IDX file of unsigned bytes. */
export function idxFile(shape: readonly number[], data: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header[2] = 8;
  header[3] = shape.length;
  shape.forEach((size, i) => {
    header.writeUInt32BE(size, 4 + 4 * i);
  });
  return Buffer.concat([header, data]);
}

/** A data set in the files that MNIST has. Gives its folder. */
export function writeIdxSet(parent: string, size: TinyImages = { examples: 96, side: 8, classes: 4 }): string {
  const folder = path.join(parent, 'images');
  mkdirSync(folder, { recursive: true });
  for (const [prefix, examples] of [
    ['train', size.examples],
    ['t10k', 20],
  ] as const) {
    const { images, labels } = tinyImages({ ...size, examples });
    writeFileSync(path.join(folder, `${prefix}-images-idx3-ubyte`), idxFile([examples, size.side, size.side], images));
    writeFileSync(path.join(folder, `${prefix}-labels-idx1-ubyte`), idxFile([examples], labels));
  }
  return folder;
}

/** Writes a configuration and gives its path. */
export function writeConfig(folder: string, config: object, name = 'config.yaml'): string {
  const file = path.join(folder, name);
  writeFileSync(file, stringify(config));
  return file;
}

/** How a training in this process ended. */
export interface Trained {
  readonly code: number;
  readonly lines: readonly string[];
  readonly complaint: string;
}

/** Trains in this process, with `folder` as working directory. */
export async function runTrainer(
  folder: string,
  configFile: string,
  overrides: readonly string[],
  { recipes, environment = {} }: { recipes?: readonly Recipe[]; environment?: NodeJS.ProcessEnv } = {},
): Promise<Trained> {
  const lines: string[] = [];
  const complaints: string[] = [];
  const code = await train({
    configFile,
    overrides,
    folder,
    environment,
    terminal: { line: (text) => void lines.push(text), progress: () => {} },
    complain: (message) => void complaints.push(message),
    ...(recipes === undefined ? {} : { recipes }),
  });
  return { code, lines, complaint: complaints.join('\n') };
}
