import { createHash } from 'node:crypto';
import type { RunId } from '../../domain/ids.ts';
import { placeKey, type RunPlace } from '../../domain/records.ts';

/** The id of a run that has none of its own: the same for the same place, for ever, so that labels and notes find it again. */
export function foundRunId(place: RunPlace): RunId {
  const hash = createHash('sha256').update(placeKey(place)).digest('hex');
  return `f${hash.slice(0, 24)}` as RunId;
}
