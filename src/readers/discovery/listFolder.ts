import path from 'node:path';
import type { Disk } from './disk.ts';

export interface ListedNames {
  readonly files: readonly string[];
  readonly folders: readonly string[];
  /** Links that lead to folders. Links to files count as files; links that lead nowhere are left out. */
  readonly links: readonly string[];
}

/** Endings of data that is never a folder: data sets made of links are not asked one by one. */
const surelyFiles =
  /\.(png|jpe?g|webp|gif|bmp|npy|npz|pt|pth|ckpt|safetensors|onnx|txt|json|jsonl|csv|parquet|arrow|wav|flac|mp4|gz|zip|tar|py|so)$/i;

/** The names in a folder by kind. Rejects where the folder cannot be read. */
export async function listFolder(folder: string, disk: Disk): Promise<ListedNames> {
  const files: string[] = [];
  const folders: string[] = [];
  const links: string[] = [];
  for (const entry of await disk.list(folder)) {
    if (entry.isDirectory()) folders.push(entry.name);
    else if (!entry.isSymbolicLink() || surelyFiles.test(entry.name)) files.push(entry.name);
    else await sortLink(folder, entry.name, disk, files, links);
  }
  return { files: files.sort(), folders: folders.sort(), links: links.sort() };
}

async function sortLink(folder: string, name: string, disk: Disk, files: string[], links: string[]): Promise<void> {
  try {
    const target = await disk.stat(path.join(folder, name));
    (target.isDirectory() ? links : files).push(name);
  } catch {
    // A dangling link is normal: its target may come back, and then the folder's walk finds it.
  }
}
