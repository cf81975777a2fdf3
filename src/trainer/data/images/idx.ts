import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { DataSetName, DataSplit } from '../../../recipes/recipe.ts';
import { badData, spaced } from '../files/badData.ts';
import { isPacked, unpack } from '../files/randomBytes.ts';
import { LabelledImages } from './labelledImages.ts';

/** The two files of one split. */
export interface IdxFiles {
  readonly images: string;
  readonly labels: string;
}

/** Finds the pair of files by the names that MNIST and its kin use: `train-images-idx3-ubyte`, also `.idx3-ubyte` and with `.gz`. */
export function findIdxFiles(folder: string, split: DataSplit): IdxFiles | undefined {
  const names = readdirSync(folder);
  const find = (kind: string) => {
    const pattern = new RegExp(`^${prefixes[split]}[-_.]?${kind}[-_.]idx\\d-ubyte(\\.gz)?$`, 'i');
    // A plain file comes before a packed one: sorting puts the shorter name first.
    return names.filter((name) => pattern.test(name)).sort()[0];
  };
  const images = find('images');
  const labels = find('labels');
  if (images === undefined && labels === undefined) return undefined;
  if (images === undefined || labels === undefined) {
    const missing = images === undefined ? 'images' : 'labels';
    throw badData(`${folder} has the ${split} ${missing === 'images' ? 'labels' : 'images'} but not the ${missing}.`);
  }
  return { images: path.join(folder, images), labels: path.join(folder, labels) };
}

/** Loads images and labels of one split. Format: http://yann.lecun.com/exdb/mnist, "the IDX file format". */
export function loadIdxImages(name: DataSetName, files: IdxFiles): LabelledImages {
  const images = readIdx(files.images);
  const labels = readIdx(files.labels);
  const [examples, height, width, channels = 1] = images.shape;
  if (images.shape.length < 3 || images.shape.length > 4) {
    throw badData(
      `${files.images} holds numbers of ${images.shape.length} dimensions; images have 3, or 4 with colours.`,
    );
  }
  if (labels.shape.length !== 1) throw badData(`${files.labels} holds no list of labels.`);
  if (labels.shape[0] !== examples) {
    throw badData(`There are ${examples} images in ${files.images} but ${labels.shape[0]} labels in ${files.labels}.`);
  }
  if (examples === 0 || images.data.length === 0) throw badData(`${files.images} holds no images.`);
  return new LabelledImages({
    name,
    path: path.dirname(files.images),
    images: images.data,
    labels: labels.data,
    shape: [examples!, height!, width!, channels],
    classes: labels.data.reduce((most, label) => Math.max(most, label), 0) + 1,
    fileShape: images.shape,
  });
}

interface IdxArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

const prefixes = { train: 'train', test: '(?:t10k|test)' } satisfies { [Name in DataSplit]: string };
/** The third byte of an IDX file that holds unsigned bytes. */
const unsignedBytes = 0x08;

function readIdx(file: string): IdxArray {
  const bytes = isPacked(file) ? unpack(file) : readFileSync(file);
  const label = path.basename(file);
  const isIdx = bytes.length >= 4 && bytes[0] === 0 && bytes[1] === 0;
  if (!isIdx) throw badData(`${label} is no IDX file: it does not begin with two zero bytes.`, { file });
  if (bytes[2] !== unsignedBytes)
    throw badData(
      `${label} holds numbers of type 0x${bytes[2]!.toString(16)}; only unsigned bytes (0x8) can be used.`,
      { file },
    );
  const dimensions = bytes[3]!;
  const start = 4 + 4 * dimensions;
  if (bytes.length < start)
    throw badData(`${label} is cut: its header needs ${start} bytes, ${spaced(bytes.length)} found.`, { file });
  const shape = Array.from({ length: dimensions }, (_, i) => bytes.readUInt32BE(4 + 4 * i));
  const expected = shape.reduce((product, size) => product * size, 1) + start;
  if (bytes.length < expected) {
    throw badData(`${label} is cut: ${spaced(expected)} bytes expected, ${spaced(bytes.length)} found.`, { file });
  }
  if (bytes.length > expected) {
    throw badData(`${label} is too long: ${spaced(expected)} bytes expected, ${spaced(bytes.length)} found.`, { file });
  }
  return { shape, data: bytes.subarray(start) };
}
