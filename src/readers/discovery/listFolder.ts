import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';

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
export async function listFolder(folder: string): Promise<ListedNames> {
  const files: string[] = [];
  const folders: string[] = [];
  const links: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) folders.push(entry.name);
    else if (!entry.isSymbolicLink() || surelyFiles.test(entry.name)) files.push(entry.name);
    else await sortLink(folder, entry.name, files, links);
  }
  return { files: files.sort(), folders: folders.sort(), links: links.sort() };
}

async function sortLink(folder: string, name: string, files: string[], links: string[]): Promise<void> {
  try {
    const target = await stat(path.join(folder, name));
    (target.isDirectory() ? links : files).push(name);
  } catch {
    // A dangling link is normal: its target may come back, and then the folder's walk finds it.
  }
}
