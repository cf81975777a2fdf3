import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { imageFolders, seriesFolders } from './names.ts';

/** A table of one metric, relative to the run's folder, with `/`. */
export interface SeriesFile {
  readonly file: string;
  readonly tag: string;
}

/** A picture. */
export interface ImageFile {
  readonly file: string;
  readonly tag: string;
  readonly step: number;
  readonly mime: string;
}

/** Names with slashes are folders, so a metric lies at any depth; this many files are looked at. */
const mostFiles = 10_000;

const mimes: { readonly [ending: string]: string } = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
};

/** The tables of metrics in the order of their names. */
export async function listSeries(folder: string): Promise<readonly SeriesFile[]> {
  for (const place of seriesFolders) {
    const files = (await listBelow(folder, place, place !== '.')).filter((file) => file.endsWith('.tsv'));
    if (files.length === 0) continue;
    return files.map((file) => ({ file, tag: within(place, file).slice(0, -'.tsv'.length) }));
  }
  return [];
}

/** The pictures by step and tag, as they are added. */
export async function listImages(folder: string): Promise<readonly ImageFile[]> {
  const images: ImageFile[] = [];
  for (const place of imageFolders) {
    for (const file of await listBelow(folder, place, true)) {
      const mime = mimes[path.extname(file).toLowerCase()];
      if (mime !== undefined) images.push({ file, mime, ...tagAndStep(within(place, file)) });
    }
  }
  return images.sort((a, b) => a.step - b.step || (a.file < b.file ? -1 : 1));
}

/** "samples/12.png" since 3.0, "12/samples.png" before 1.0, and "samples.png" in between, which is written over at every step. */
function tagAndStep(name: string): { readonly tag: string; readonly step: number } {
  const { dir, name: stem } = path.posix.parse(name);
  if (/^\d+$/.test(stem) && dir !== '') return { tag: dir, step: Number(stem) };
  const [first, ...rest] = name.split('/');
  if (/^\d+$/.test(first!) && rest.length > 0) return { tag: path.posix.join(...rest), step: Number(first) };
  return { tag: name, step: 0 };
}

async function listBelow(folder: string, place: string, recursive: boolean): Promise<readonly string[]> {
  const found = await readdir(path.join(folder, place), { recursive, withFileTypes: true }).catch(() => []);
  return found
    .filter((entry) => entry.isFile())
    .slice(0, mostFiles)
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .sort();
}

function within(place: string, file: string): string {
  return place === '.' ? file : file.slice(place.length + 1);
}
