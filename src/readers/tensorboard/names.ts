/** Names that hold `tfevents` but are no event files as they stand: packed copies, unfinished downloads, and programs about event files. */
const packed = /\.(gz|bz2|xz|zst|zip|tar|tgz|tmp|part|swp|lock|py|pyc|pyi|ipynb|md)$|~$/i;

/** Whether a file's name is that of an event file. TensorBoard looks for the same substring; suffixes such as `.v2` are common. */
export function isEventFile(name: string): boolean {
  return name.includes('tfevents') && !packed.test(name);
}

/** The files of a log in the order of their making: the names hold the time, then host, process and a counter. */
export function orderEventFiles(names: readonly string[]): string[] {
  return [...names].sort((a, b) => madeAt(a) - madeAt(b) || compareNaturally(a, b));
}

/** Unix seconds in `events.out.tfevents.1622543341.host.86862.0`; 0 where there is none. */
function madeAt(name: string): number {
  return Number(/tfevents\.(\d{1,15})/.exec(name)?.[1] ?? 0);
}

/** By characters, but numbers by their value: `….9` comes before `….10`. */
function compareNaturally(a: string, b: string): number {
  const [left, right] = [a.match(/\d+|\D+/g) ?? [], b.match(/\d+|\D+/g) ?? []];
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const difference = comparePieces(left[index]!, right[index]!);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function comparePieces(a: string, b: string): number {
  const areNumbers = /^\d/.test(a) && /^\d/.test(b);
  const [left, right] = areNumbers ? [a.padStart(b.length, '0'), b.padStart(a.length, '0')] : [a, b];
  return left < right ? -1 : left > right ? 1 : 0;
}

/**
 * The host in a name: `events.out.tfevents.<time>.<host>`, behind which TensorFlow 2 and PyTorch put `.<pid>.<counter>` and some writers `.v2` or a suffix of their own
 * (tensorflow/core/util/events_writer.cc, torch/utils/tensorboard, tensorboardX). Undefined where there is none.
 */
export function hostInName(name: string): string | undefined {
  const rest = /tfevents\.\d+\.(.+)$/.exec(name)?.[1];
  const host = rest?.replace(/\.v2$/, '').replace(/(?:^|\.)\d+\.\d+$/, '');
  return host === undefined || host === '' || /^\d+$/.test(host) ? undefined : host;
}
