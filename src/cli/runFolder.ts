import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '../base/errors.ts';
import { nearestName } from '../domain/config.ts';
import { runFiles } from '../domain/runDirectory.ts';

/**
 * The checkpoint that a person means without the worker: a file, the folder of a run (then its last one), or the name of a run in `runs/`. Absolute.
 * Throws AppError 'not-found' with what is there instead.
 */
export function checkpointMeant(given: string): string {
  const place = existingPlace(given);
  if (!statSync(place).isDirectory()) return place;
  const last = path.join(place, runFiles.lastCheckpoint);
  if (existsSync(last)) return last;
  throw new AppError('not-found', `${place} has no ${path.relative(place, last)}.`, {
    hint: 'A run keeps its first checkpoint after checkpointEvery steps and at its end. "trainyard checkpoints" lists those of a folder.',
  });
}

/** The folder of a run by its path or by its name in `runs/`, without the worker. Absolute. Throws AppError 'not-found'. */
export function runFolderMeant(given: string): string {
  const place = existingPlace(given);
  if (statSync(place).isDirectory()) return place;
  throw new AppError('not-found', `${place} is a file, not the folder of a run.`, {
    hint: 'Give the folder of a run.',
  });
}

function existingPlace(given: string): string {
  const places = [path.resolve(given), path.resolve('runs', given)];
  const place = places.find((each) => existsSync(each));
  if (place !== undefined) return place;
  const names = namesIn(path.resolve('runs'));
  const meant = nearestName(path.basename(given), names);
  throw new AppError('not-found', `There is no ${places[0]}.`, {
    hint:
      meant === undefined ? 'Give the path of a checkpoint, or of the folder of a run.' : `Did you mean runs/${meant}?`,
  });
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => !name.startsWith('.'));
  } catch {
    return [];
  }
}
