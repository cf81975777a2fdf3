import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { readSmallText } from '../files/jsonFile.ts';

/** A metric is a file whose path below `metrics` is its name, so that names with `/` are folders. */
export async function listMetricFiles(folder: string): Promise<readonly string[]> {
  return listFiles(path.join(folder, 'metrics'));
}

/** The small files below a folder by their paths: one per parameter or tag, whose whole text is the value. */
export async function readValues(folder: string, kind: 'params' | 'tags'): Promise<{ readonly [key: string]: string }> {
  const values: { [key: string]: string } = {};
  for (const key of await listFiles(path.join(folder, kind))) {
    const text = await readSmallText(path.join(folder, kind, key));
    if (text.ok) values[key] = text.value;
  }
  return values;
}

const deepest = 16;

async function listFiles(folder: string, prefix = '', depth = 0): Promise<readonly string[]> {
  const entries: Dirent[] = await readdir(path.join(folder, prefix), { withFileTypes: true }).catch(() => []);
  const lists = await Promise.all(
    entries.map(async (entry) => {
      const name = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
      if (entry.isDirectory()) return depth < deepest ? listFiles(folder, name, depth + 1) : [];
      return entry.isFile() ? [name] : [];
    }),
  );
  return lists.flat().sort();
}
