import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { ImageFacts } from '../../../recipes/data.ts';
import type { DataSetName } from '../../../recipes/recipe.ts';
import type { DataSet } from '../dataSet.ts';
import { rememberedScan } from '../files/rememberedScan.ts';
import { LoaderThreads } from '../loader/loaderThreads.ts';
import { openedSet } from '../openedSet.ts';
import type { ImageFolder } from './imageFolder.ts';
import { type ImagePlan, ImageReader } from './imageReader.ts';
import { LabelledImages } from './labelledImages.ts';
import { readPixels } from './readPixels.ts';

/** Decoded images up to this size are kept in memory; others are decoded each time they are used, by threads. */
export const mostResidentPixels = 512 * 1024 * 1024;
/** Fewer files are decoded sooner than threads are started. */
const fewFiles = 1000;
/** Files that a thread is asked for at once. */
const filesPerBlock = 100;

/** Opens a folder of images. Sizes and colours must agree, since nothing here resizes. Throws AppError 'bad-data' that names the file. */
export async function loadImageFolder(
  name: DataSetName,
  folder: ImageFolder,
  mostResident = mostResidentPixels,
): Promise<DataSet> {
  const plan = planOf(folder);
  const { height, width, channels, files } = plan;
  const classes = folder.classes.length;
  if (files.length * height * width * channels <= mostResident) return await decodeAll(name, folder, plan);
  const facts: ImageFacts = { kind: 'images', examples: files.length, height, width, channels, classes };
  const labels = createHash('sha256').update(plan.labels).digest('hex');
  const sha256 = await rememberedScan(`images ${folder.path} ${labels}`, files, () => hashFiles(folder.path, plan));
  return openedSet({ name, path: folder.path, facts, sha256 }, new ImageReader(plan), plan);
}

function planOf({ classes }: ImageFolder): ImagePlan {
  const files = classes.flatMap((each) => each.files);
  const labels = Uint16Array.from(classes.flatMap((each, label) => each.files.map(() => label)));
  const { height, width, channels } = readPixels(files[0]!);
  return { kind: 'images', files, labels, height, width, channels };
}

async function decodeAll(name: DataSetName, folder: ImageFolder, plan: ImagePlan): Promise<LabelledImages> {
  const { files, labels, height, width, channels } = plan;
  const size = height * width * channels;
  const images = new Uint8Array(files.length * size);
  const threads = files.length <= fewFiles ? undefined : new LoaderThreads(plan, Math.min(4, availableParallelism()));
  const reader = new ImageReader(plan);
  const readBlock = async (start: number) => {
    const count = Math.min(filesPerBlock, files.length - start);
    const indices = Uint32Array.from({ length: count }, (_, i) => start + i);
    const read = threads === undefined ? reader.gather(indices) : await threads.read({ indices });
    images.set(read['images'] as Uint8Array, start * size);
  };
  try {
    const starts = Array.from({ length: Math.ceil(files.length / filesPerBlock) }, (_, i) => i * filesPerBlock);
    await Promise.all(starts.map(readBlock));
  } finally {
    threads?.dispose();
  }
  return new LabelledImages({
    name,
    path: folder.path,
    images,
    labels,
    shape: [files.length, height, width, channels],
    classes: folder.classes.length,
  });
}

/** Of the files as they are, since decoding all of them would take long: what they are called, and their bytes. */
async function hashFiles(root: string, { files, labels }: ImagePlan): Promise<string> {
  const hash = createHash('sha256');
  for (const [i, file] of files.entries()) {
    hash.update(`${labels[i]} ${path.relative(root, file)}\n`);
    for await (const bytes of createReadStream(file)) hash.update(bytes as Buffer);
  }
  return hash.digest('hex');
}
