import type { SweepAxis } from '../../domain/sweep.ts';
import { parseHydra } from './hydraGrammar.ts';

/**
 * Arguments of a plain program taken apart, should lists of values in them mean a sweep: `--lr=0.1,0.01`, `--lr 0.1,0.01`, `lr=0.1,0.01`, and in place of
 * a list whatever Hydra's grammar knows: `range(1,5)`, `choice(a,b)`, `interval(1e-5,1e-2)`. A trial gets `--lr=0.1` as one word.
 */
export function splitScriptSweep(args: readonly string[]): {
  readonly common: readonly string[];
  readonly axes: readonly SweepAxis[];
} {
  const common: string[] = [];
  const axes: SweepAxis[] = [];
  for (let index = 0; index < args.length; index++) {
    const word = args[index]!;
    const whole = axisOf(...keyAndValue(word));
    const next = /^--?[A-Za-z][\w.-]*$/.test(word) ? args[index + 1] : undefined;
    const spread = whole === undefined && next !== undefined ? axisOf(word, next) : undefined;
    if (spread !== undefined) index += 1;
    const axis = whole ?? spread;
    if (axis === undefined) common.push(word);
    else axes.push(axis);
  }
  return { common, axes };
}

function keyAndValue(word: string): readonly [key: string, value: string] {
  const at = word.indexOf('=');
  return at <= 0 ? ['', word] : [word.slice(0, at), word.slice(at + 1)];
}

function axisOf(key: string, value: string): SweepAxis | undefined {
  // A text with blanks or quotes is prose: whatever commas it has are its own.
  if (!/^-{0,2}[A-Za-z][\w./-]*$/.test(key) || /[\s'"\\]/.test(value)) return undefined;
  const parsed = parseHydra(`value=${value}`);
  if ('message' in parsed) return undefined;
  if (parsed.interval !== undefined) return { key, ...parsed.interval };
  return parsed.sweep === undefined || parsed.sweep.length < 2 ? undefined : { key, values: parsed.sweep };
}
