/** Why a run failed, as far as its output, exit code and scheduler tell. */
export const failureKinds = [
  'oom',
  'nan',
  'time-limit',
  'pre-empted',
  'node-failure',
  'import-error',
  'disk-full',
  'bad-config',
  'data',
  'interrupted',
  'killed',
  'error',
  'unknown',
] as const;
export type FailureKind = (typeof failureKinds)[number];

/** A failure that can be grouped with its like. */
export interface Failure {
  readonly kind: FailureKind;
  /** The line that says it: "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate …". */
  readonly message: string;
  /** What to do next, where the program itself said it. A run that was refused for its memory names the batch that would fit. */
  readonly hint?: string;
  /** The same for failures that have the same cause: kind, exception and place, without numbers and paths that differ. */
  readonly signature: string;
  /** The innermost place in the user's own code: an absolute path, or as the traceback says, and a line from 1. */
  readonly file?: string;
  readonly line?: number;
}

/** A failure of which nothing is known but how it looked from outside. */
export function unknownFailure(detail: string): Failure {
  return { kind: 'unknown', message: detail, signature: `unknown: ${withoutNumbers(detail)}` };
}

/** A text without what differs between failures of one cause: numbers, addresses, paths up to the file's name. */
export function withoutNumbers(text: string): string {
  return text
    .replace(/0x[0-9a-f]+/gi, '#')
    .replace(/(?:[A-Za-z]:)?[\w.@+~-]*(?:[/\\][\w.@+~-]+)*[/\\]([\w.@+-]+)/g, '$1')
    .replace(/\d+(?:[.,:]\d+)*(?:e[+-]?\d+)?/gi, '#')
    .replace(/\s+/g, ' ')
    .trim();
}
