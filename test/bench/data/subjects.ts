// What is loaded: folders and files that are made anew in a temporary folder, the same for both sides.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { encode as encodePng } from 'fast-png';
import { encode as encodeJpeg } from 'jpeg-js';
import { seededRandom } from '../../../src/graph/index.ts';
import type { TokenSource } from '../../../src/recipes/data.ts';
import type { DataSetRequest } from '../../../src/recipes/recipe.ts';
import type { DataSet } from '../../../src/trainer/data/dataSet.ts';
import { OpenFiles } from '../../../src/trainer/data/files/openFiles.ts';
import { loadImageSet } from '../../../src/trainer/data/images/imageSet.ts';
import { openTokenSet } from '../../../src/trainer/data/tokens/tokenSet.ts';

export interface Subject {
  readonly name: string;
  /** Batches of 64 in a turn. */
  readonly batches: number;
  /** Nothing of it is kept in memory. */
  readonly open: () => Promise<DataSet>;
  /** What the peer reads. */
  readonly peer: { readonly kind: 'images' | 'bytes' | 'dna'; readonly path: string; readonly window?: number };
}

/** Makes all subjects, and removes them at the end. */
export async function withSubjects<T>(use: (subjects: readonly Subject[]) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-bench-data-'));
  try {
    return await use([
      imageSubject('PNG, 64×64, colours', path.join(folder, 'png'), 64, 'png'),
      imageSubject('JPEG, 128×128, colours', path.join(folder, 'jpeg'), 128, 'jpg'),
      textSubject(path.join(folder, 'text.txt')),
      dnaSubject(path.join(folder, 'genome.fa')),
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Files, and different ones among them: they are copies, since making them takes longer than loading. */
const images = 1000;
const distinct = 40;

function imageSubject(name: string, folder: string, side: number, ending: 'png' | 'jpg'): Subject {
  for (let label = 0; label < 10; label++) mkdirSync(path.join(folder, String(label)), { recursive: true });
  const made = Array.from({ length: distinct }, (_, i) => (ending === 'png' ? pngOf(side, i) : jpegOf(side, i)));
  for (let i = 0; i < images; i++) {
    writeFileSync(path.join(folder, String(i % 10), `${i}.${ending}`), made[i % distinct]!);
  }
  const open = async () => (await loadImageSet(requestOf(folder, { kind: 'images' }), 0))!;
  return { name, batches: 16, open, peer: { kind: 'images', path: folder } };
}

/** Slow waves with a little noise: it packs about as well as a photograph. */
function pixels(side: number, channels: number, seed: number): Uint8Array {
  const random = seededRandom(seed);
  return Uint8Array.from({ length: side * side * channels }, (_, i) => {
    const place = Math.floor(i / channels);
    const wave = Math.sin((place % side) / 9 + seed) + Math.cos(place / side / 7 + (i % channels));
    return 128 + 50 * wave + 8 * random.uniform();
  });
}

function pngOf(side: number, seed: number): Uint8Array {
  return encodePng({ width: side, height: side, depth: 8, channels: 3, data: pixels(side, 3, seed) });
}

function jpegOf(side: number, seed: number): Uint8Array {
  return encodeJpeg({ width: side, height: side, data: pixels(side, 4, seed) }, 85).data;
}

function textSubject(file: string): Subject {
  const line = 'Sphinx of black quartz, judge my vow. ';
  writeFileSync(file, Array.from({ length: 100_000 }, (_, i) => `${i} ${line.repeat(1 + (i % 9))}\n`).join(''));
  return tokenSubject('Bytes of text, windows of 1024', file, { vocabulary: 'bytes', window: 1024 });
}

function dnaSubject(file: string): Subject {
  const random = seededRandom(1);
  const line = () => Array.from({ length: 70 }, () => 'ACGTacgt'[Math.floor(8 * random.uniform())]).join('');
  writeFileSync(file, `>one\n${Array.from({ length: 100_000 }, line).join('\n')}\n`);
  return tokenSubject('FASTA, windows of 512 of either strand', file, { vocabulary: 'dna', window: 512 });
}

function tokenSubject(name: string, file: string, kind: Pick<TokenSource, 'vocabulary' | 'window'>): Subject {
  const source: TokenSource = {
    kind: 'tokens',
    ...kind,
    tokenizer: '',
    stride: kind.window / 2,
    testFraction: 0,
    testSequences: [],
    softMaskWeight: 0.1,
    reverseComplement: true,
  };
  const open = async () => (await openTokenSet({ ...requestOf(file, source), source }, new OpenFiles(0)))!;
  const peer = { kind: kind.vocabulary === 'dna' ? 'dna' : 'bytes', path: file, window: kind.window } as const;
  return { name, batches: 150, open, peer };
}

function requestOf(place: string, source: DataSetRequest['source']): DataSetRequest {
  return { name: 'train', path: place, split: 'train', required: true, source };
}
