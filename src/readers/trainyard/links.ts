import path from 'node:path';
import { type RunLink, runFiles } from '../../domain/runDirectory.ts';
import { readJsonObject } from '../files/jsonFile.ts';

/** The links of a run directory; none where the file is missing or not whole. */
export async function readLinks(runFolder: string): Promise<readonly RunLink[]> {
  const read = await readJsonObject(path.join(runFolder, runFiles.links));
  const links = read.ok ? read.value['links'] : undefined;
  return Array.isArray(links) ? (links as unknown[]).filter(isLink) : [];
}

/** Whether a file lies in one of the run's links, as the part of the folder that is meant. Beside a database are the media that its tool keeps there. */
export function isLinked(file: string, links: readonly RunLink[]): boolean {
  return links.some(({ path: folder, only, key }) => {
    const relative = path.relative(folder, file);
    if (only !== undefined && key === undefined) return relative === only;
    return relative !== '' && !relative.startsWith('..') && !path.isAbsolute(relative);
  });
}

function isLink(value: unknown): value is RunLink {
  if (value === null || typeof value !== 'object') return false;
  const { path: folder, only, source, key } = value as { readonly [name: string]: unknown };
  const isWhole = [only, source, key].every((each) => each === undefined || typeof each === 'string');
  if (!isWhole || typeof folder !== 'string' || !path.isAbsolute(folder)) return false;
  return key === undefined || (only !== undefined && source !== undefined);
}
