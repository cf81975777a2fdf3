/** Names that hold `tfevents` but are no event files as they stand: packed copies and unfinished downloads. */
const packed = /\.(gz|bz2|xz|zst|zip|tar|tgz|tmp|part|swp|lock)$|~$/i;

/** Whether a file's name is that of an event file. TensorBoard looks for the same substring; suffixes such as `.v2` are common. */
export function isEventFile(name: string): boolean {
  return name.includes('tfevents') && !packed.test(name);
}

/** The files of a log in the order of their making: the names hold the time, then host, process and a counter. */
export function orderEventFiles(names: readonly string[]): string[] {
  return [...names].sort((a, b) => madeAt(a) - madeAt(b) || naturalOrder.compare(a, b));
}

/** Unix seconds in `events.out.tfevents.1622543341.host.86862.0`; 0 where there is none. */
function madeAt(name: string): number {
  return Number(/tfevents\.(\d{1,15})/.exec(name)?.[1] ?? 0);
}

const naturalOrder = new Intl.Collator('en', { numeric: true });
