import fs, { type PathLike } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import type { TestContext } from 'node:test';

/** The calls by which a reader looks at files, one after the other. */
const calls = ['openSync', 'readSync', 'fstatSync', 'statSync'] as const;

/** Gets each look before it is done, and its file where that is named. What it does itself is not a look. */
export type Happening = (call: (typeof calls)[number], file: string | undefined) => void;

/** Lets something happen before any call by which the code under test looks at files: what another process may do at that moment. */
export interface BetweenReads {
  happening: Happening | undefined;
}

/** Takes the place of the synchronous calls of `node:fs` until the test ends. */
export function betweenReads(context: Pick<TestContext, 'after'>): BetweenReads {
  const original = { ...fs };
  const between: BetweenReads = { happening: undefined };
  for (const name of calls) {
    const call = original[name] as (...values: unknown[]) => unknown;
    const stopping = (...values: unknown[]): unknown => {
      const { happening } = between;
      if (happening !== undefined) {
        between.happening = undefined;
        happening(name, typeof values[0] === 'string' ? values[0] : undefined);
        between.happening = happening;
      }
      return call(...values);
    };
    Object.assign(fs, { [name]: stopping });
  }
  syncBuiltinESMExports();
  context.after(() => {
    Object.assign(fs, Object.fromEntries(calls.map((name) => [name, original[name]])));
    syncBuiltinESMExports();
  });
  return between;
}

/** Sets the time of a file's last change, in milliseconds. */
export function touch(file: PathLike, at: number): void {
  fs.utimesSync(file, at / 1000, at / 1000);
}
