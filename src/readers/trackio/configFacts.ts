import type { JsonObject } from '../../domain/json.ts';
import type { RunFacts } from '../../domain/records.ts';
import { parseLocalTime } from '../files/localTime.ts';

/** What a configuration tells: itself, and what Trackio adds to it (trackio/run.py: `_Created`, `_Group`). */
export function configFacts(config: JsonObject): RunFacts {
  const { _Created: created, _Group: group } = config;
  const createdAt = typeof created === 'string' ? parseLocalTime(created) : undefined;
  return {
    config,
    ...(typeof group === 'string' && group !== '' ? { group } : {}),
    ...(createdAt === undefined ? {} : { createdAt }),
  };
}
