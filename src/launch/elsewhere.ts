import path from 'node:path';
import { type ElsewhereFile, runFiles } from '../domain/runDirectory.ts';
import { readJson, writeJsonSynced } from './files.ts';

/** What a target last learnt of a job on another machine; undefined where it has not been there yet. */
export function readElsewhere(directory: string): ElsewhereFile | undefined {
  return readJson<ElsewhereFile>(path.join(directory, runFiles.elsewhere));
}

/** Writes it where it differs from what is there. */
export function writeElsewhere(directory: string, next: ElsewhereFile): void {
  const known = readElsewhere(directory);
  if (known !== undefined && JSON.stringify(known) === JSON.stringify(next)) return;
  writeJsonSynced(path.join(directory, runFiles.elsewhere), next);
}
