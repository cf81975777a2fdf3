import { diagnose } from '../../domain/diagnosis.ts';
import type { Failure } from '../../domain/failure.ts';
import { consoleLines } from './textEnds.ts';

const head = 'Traceback (most recent call last):';

/** A program may say a little more after its exception: where its output is, that it closes its logger. One that says more has gone on. */
const mostLinesAfter = 15;

/**
 * The failure that a console's text ends with: an exception behind which hardly anything stands. Undefined where the last traceback was survived, or there is
 * none. `isEpilogue` tells lines that a scheduler or a launcher adds behind any program, which do not count.
 */
export function endingFailure(text: string, isEpilogue: (line: string) => boolean = () => false): Failure | undefined {
  const last = text.lastIndexOf(head);
  if (last < 0) return undefined;
  const lines = consoleLines(text.slice(last));
  const exceptionAt = lines.findIndex((line, index) => index > 0 && /^(?:\[?\w+\d*\]?:\s?)?[\p{L}_]/u.test(line));
  // The exception itself is still to come.
  if (exceptionAt < 0) return undefined;
  const after = lines.slice(exceptionAt + 1).filter((line) => line.trim() !== '' && !isEpilogue(line));
  if (after.length > mostLinesAfter) return undefined;
  return diagnose({ detail: '', stopRequested: false, output: text.slice(chainStart(text, last)) });
}

/** The sentence for a failure: its exception and where in the program's own code it was. */
export function describeFailure({ message, file, line }: Failure): string {
  const place = file === undefined ? '' : ` (${file}:${line})`;
  return `${message.replace(/\.$/, '')}${place}.`;
}

const links =
  /(?:During handling of the above exception, another exception occurred:|The above exception was the direct cause of the following exception:)\s*$/;

/** Where the chain of exceptions begins that the last traceback belongs to: the cause says more than what it led to. */
function chainStart(text: string, last: number): number {
  let start = last;
  while (links.test(text.slice(Math.max(0, start - 200), start))) {
    const before = text.lastIndexOf(head, start - 1);
    if (before < 0) break;
    start = before;
  }
  return start;
}
