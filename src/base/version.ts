declare const __TRAINYARD_VERSION__: string | undefined;

/** Version of this program, put in by the bundler; `0.0.0` when it runs from source. */
export const programVersion: string = typeof __TRAINYARD_VERSION__ === 'string' ? __TRAINYARD_VERSION__ : '0.0.0';

/** Negative, zero or positive as `a` is older than, equal to or newer than `b`. Compares the three numbers; anything behind them is ignored. */
export function compareVersions(a: string, b: string): number {
  const left = numbersOf(a);
  const right = numbersOf(b);
  for (let index = 0; index < 3; index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function numbersOf(version: string): number[] {
  return (version.split(/[-+]/)[0] ?? '').split('.').map((part) => Number.parseInt(part, 10) || 0);
}
