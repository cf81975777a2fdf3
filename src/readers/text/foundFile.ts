import path from 'node:path';
import type { FoundRun } from '../../domain/records.ts';
import type { RunSource } from '../../domain/run.ts';
import { runName } from '../files/runName.ts';
import type { RunContainer } from '../format.ts';
import type { LogName } from './logNames.ts';

/** The container of a log that must be opened to know whether it is one. */
export function fileContainer(
  source: RunSource,
  folder: { readonly path: string; readonly root: string },
  fileName: string,
): RunContainer {
  return { source, path: path.join(path.resolve(folder.path), fileName), root: folder.root };
}

/** The run of a log file: named like its folder where the file's name says nothing more. */
export function fileRun({ source, path: file, root }: RunContainer, name: LogName): FoundRun {
  const folder = runName(root, path.dirname(file));
  return { source, path: file, root, name: name === 'folder' ? folder : `${folder}/${path.parse(file).name}` };
}

/** A file of a run that may be given as the file itself or as its folder. */
export function fileOf(run: FoundRun, fileName: string): string {
  return path.basename(run.path) === fileName ? run.path : path.join(run.path, fileName);
}
