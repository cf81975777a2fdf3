import { type ParseArgsConfig, parseArgs } from 'node:util';

/** The command line was not understood. The message is one line. */
export class UsageError extends Error {}

type Options = NonNullable<ParseArgsConfig['options']>;
type Parsed<T extends Options> = ReturnType<typeof parseArgs<{ options: T; allowPositionals: true; strict: true }>>;

/** Parses arguments strictly; throws UsageError. */
export function parseArguments<T extends Options>(args: readonly string[], options: T): Parsed<T> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    const message = (error as Error).message;
    // Node's second sentence explains how to pass something that begins with a dash, which is never what went wrong here.
    throw new UsageError(message.split(/(?<=\.) To specify|\. To specify|\n/)[0]!.replace(/\.?$/, '.'));
  }
}

/** The one positional argument that a command takes. */
export function onlyPositional(positionals: readonly string[], what: string): string {
  const [first, second] = positionals;
  if (first === undefined) throw new UsageError(`Give ${what}.`);
  if (second !== undefined) throw new UsageError(`Give ${what} alone; "${second}" is one argument too many.`);
  return first;
}

/** Refuses positional arguments where a command takes none. */
export function noPositionals(positionals: readonly string[]): void {
  if (positionals.length > 0) throw new UsageError(`"${positionals[0]}" is one argument too many.`);
}

/** A whole number of an option, or its default where it is absent. */
export function wholeNumber(text: string | undefined, option: string, fallback: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new UsageError(`--${option} takes a whole number, not "${text}".`);
  return value;
}
