/** A frame of a Python traceback, outermost first. */
export interface Frame {
  readonly file: string;
  readonly line: number;
  /** Function, or '' for a syntax error. */
  readonly inside: string;
}

/** One "Traceback (most recent call last)" of an output. */
export interface Traceback {
  readonly frames: readonly Frame[];
  /** "torch.cuda.OutOfMemoryError"; '' where the output ends before it. */
  readonly exception: string;
  readonly message: string;
}

const head = /^\s*(?:\+ Exception Group )?Traceback \(most recent call last\):$/;
const framePattern = /^\s+File "(.+)", line (\d+)(?:, in (.+))?$/;
/** Ranks of torchrun and tasks of `srun --label` put their number before each line. */
const rankPrefix = /^(?:\[(?:rank|default)?\d+\]:? ?|\d+: )/;

/**
 * All tracebacks of an output in their order; of a chain ("During handling of the above exception…") each member is one.
 * The form is that of the standard library's `traceback` module.
 */
export function parseTracebacks(output: string): readonly Traceback[] {
  const lines = output.split(/\r\n|\n|\r/).map(cleaned);
  const found: Traceback[] = [];
  for (let at = 0; at < lines.length; at++) {
    if (!head.test(lines[at]!)) continue;
    const { traceback, end } = readOne(lines, at + 1);
    found.push(traceback);
    at = end - 1;
  }
  return found;
}

/** The innermost frame in the user's own code: not of the interpreter and not of an installed package. */
export function ownFrame({ frames }: Traceback): Frame | undefined {
  return frames.findLast(({ file }) => !isForeign(file));
}

function readOne(lines: readonly string[], from: number): { readonly traceback: Traceback; readonly end: number } {
  const frames: Frame[] = [];
  let at = from;
  for (; at < lines.length; at++) {
    const line = lines[at]!;
    const frame = framePattern.exec(line);
    if (frame !== null) frames.push({ file: frame[1]!, line: Number(frame[2]), inside: frame[3] ?? '' });
    else if (!/^\s/.test(line) || head.test(line)) break;
  }
  const [, exception = '', rest = ''] = /^([\p{L}_][\p{L}\p{N}_.]*)(?::\s?(.*))?$/u.exec(lines[at] ?? '') ?? [];
  const message = rest.trim() === '' && exception !== '' ? (lines[at + 1] ?? '').trim() : rest.trim();
  return { traceback: { frames, exception, message }, end: head.test(lines[at] ?? '') ? at : at + 1 };
}

/** Without colours and ranks. */
function cleaned(line: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character begins every colour of a terminal.
  return line.replace(/\u001b\[[0-9;]*m/g, '').replace(rankPrefix, '');
}

function isForeign(file: string): boolean {
  return (
    file.startsWith('<') ||
    /[/\\](?:site|dist)-packages[/\\]/.test(file) ||
    /[/\\]lib(?:64)?[/\\]python\d[\d.]*[/\\]/i.test(file) ||
    /[/\\](?:Python\d+|Anaconda3?|Miniconda3?)[/\\]Lib[/\\]/i.test(file)
  );
}
