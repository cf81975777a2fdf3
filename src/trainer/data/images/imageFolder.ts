import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { DataSplit } from '../../../recipes/recipe.ts';
import { byName } from '../files/findFiles.ts';
import { imageEndings } from './pixels.ts';

/** Images by class, one folder each. Classes are numbered in the order of their names, numbers by their value, over the folders of both parts. */
export interface ImageFolder {
  readonly path: string;
  readonly classes: readonly { readonly name: string; readonly files: readonly string[] }[];
}

/**
 * Finds the classes of a split: the folders below `<folder>/<split>`. Where there is no such folder, the folders below `<folder>`
 * itself are the training images. Undefined where there are no images.
 */
export function findImageFolder(folder: string, split: DataSplit): ImageFolder | undefined {
  const own = path.join(folder, split);
  if (!isFolder(own) && split !== 'train') return undefined;
  const root = isFolder(own) ? own : folder;
  const other = path.join(folder, split === 'train' ? 'test' : 'train');
  const names = new Set([...classesIn(root), ...(root === own && isFolder(other) ? classesIn(other) : [])]);
  const classes = [...names].sort(byName).map((name) => ({ name, files: imagesIn(path.join(root, name)) }));
  return classes.every(({ files }) => files.length === 0) ? undefined : { path: root, classes };
}

function classesIn(root: string): string[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map(({ name }) => name)
    .filter((name) => !name.startsWith('.') && imagesIn(path.join(root, name)).length > 0);
}

function imagesIn(folder: string): string[] {
  if (!isFolder(folder)) return [];
  return readdirSync(folder)
    .filter((name) => !name.startsWith('.') && imageEndings.some((ending) => name.toLowerCase().endsWith(ending)))
    .sort(byName)
    .map((name) => path.join(folder, name));
}

function isFolder(folder: string): boolean {
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
