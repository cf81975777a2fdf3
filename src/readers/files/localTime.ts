import type { WallTimeSeconds } from '../../domain/ids.ts';

const pattern = /^(\d{4})-(\d\d)-(\d\d)[T _](\d\d)[:-](\d\d)[:-](\d\d)(?:[.,](\d{1,9}))?(Z|[+-]\d\d:?\d\d)?$/;

/**
 * The moment that a text such as `2026-01-17T02:11:09.114216` names, in seconds since 1970; undefined where it is none. Without a zone it is the local time of
 * this machine, as Python's `datetime.now().isoformat()`, its `logging` and SLURM write it; whoever wrote it elsewhere may have meant another zone.
 */
export function parseLocalTime(text: string): WallTimeSeconds | undefined {
  const found = pattern.exec(text.trim());
  if (found === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', zone = ''] = found;
  const milliseconds = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone}`);
  return Number.isNaN(milliseconds) ? undefined : milliseconds / 1000 + Number(`0.${fraction}0`);
}

/** A moment for people, in the zone that cannot be mistaken. */
export function describeTime(seconds: WallTimeSeconds): string {
  return new Date(seconds * 1000)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC');
}
