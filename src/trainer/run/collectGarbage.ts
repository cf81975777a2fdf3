import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collector: (() => void) | undefined;

/**
 * Gives back what nobody holds any more, at once. V8 waits until it needs the room, which buffers outside of its heap seldom tell it. Takes some ten milliseconds for a
 * small heap. Node gives the collector to programs only by its flag: https://nodejs.org/api/v8.html#v8setflagsfromstringflags.
 */
export function collectGarbage(): void {
  collector ??= exposeCollector();
  collector();
}

function exposeCollector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
