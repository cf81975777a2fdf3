import path from 'node:path';
import type { Checkpoint } from '../../domain/checkpoint.ts';
import type { FoundRun } from '../../domain/records.ts';
import { type LinksFile, runFiles } from '../../domain/runDirectory.ts';
import { readJson } from '../../launch/files.ts';
import { listRunCheckpoints } from '../../readers/checkpoints/list.ts';

/** Absolute path of the checkpoint that a run would go on from: the one called last, else the newest, in its own directory or in the folders that its program wrote to. */
export async function lastCheckpointOf(run: FoundRun): Promise<string | undefined> {
  const links = readJson<LinksFile>(path.join(run.path, runFiles.links))?.links ?? [];
  const places = [run.path, ...links.filter(({ only }) => only === undefined).map((link) => link.path)];
  const lists = await Promise.all(
    places.map((place) => listRunCheckpoints({ run: { ...run, path: place }, name: run.name }).catch(() => [])),
  );
  return best(lists.flat())?.path;
}

function best(all: readonly Checkpoint[]): Checkpoint | undefined {
  const newestFirst = all
    .filter(({ format }) => format !== 'onnx')
    .sort((a, b) => Number(b.isLast) - Number(a.isLast) || b.modifiedAt - a.modifiedAt);
  return newestFirst[0];
}
