/**
 * Errors that a person may see. Expected outcomes ("not finished yet", "no such run") are values, see `Result`;
 * an AppError is a broken promise and always says what to do next.
 */

/** Every code that crosses a process border. One line each: what happened. */
export const errorCodes = {
  'bad-argument': 'A call was made with an argument of the wrong form.',
  'bad-config': 'A configuration has an unknown key or a value of the wrong type.',
  'bad-data': 'A data set is missing, cut off or malformed.',
  'bad-file': 'A file does not have the format that its name promises.',
  'not-found': 'Something named by its id or path does not exist.',
  conflict: 'The thing exists already, or changed meanwhile.',
  'device-unavailable': 'The chosen device cannot run training here.',
  'disk-full': 'There is no room left to write.',
  'read-only': 'The place cannot be written to.',
  'out-of-memory': 'There is not enough memory, of the machine or of the device.',
  'not-trusted': 'The workspace is not trusted, so nothing may be started in it.',
  'worker-unavailable': 'The background worker could not be started or reached.',
  'worker-version': 'A worker of another version is running.',
  closed: 'The connection closed before the answer came.',
  cancelled: 'The caller gave up.',
  timeout: 'No answer came in time.',
  unreachable: 'A machine elsewhere did not answer; what was asked of it may have happened.',
  refused: 'A machine elsewhere, or the way to it, needs something that only a person can give.',
  diverged: 'Training produced a value that is not a number.',
  internal: 'A defect in Trainyard.',
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** Wire form of an AppError. */
export interface ErrorInfo {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
}

/** An error with a code for programs, a sentence for people, and a hint that tells the next move. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
  }
}

/** The wire form of anything that was thrown. Errors of the file system get their own codes and hints. */
export function toErrorInfo(thrown: unknown): ErrorInfo {
  if (thrown instanceof AppError) return errorInfo(thrown.code, thrown.message, thrown.hint);
  const systemCode = (thrown as { code?: unknown } | null)?.code;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (systemCode === 'ENOSPC' || systemCode === 'EDQUOT') {
    return errorInfo(
      'disk-full',
      `No room left on the disk: ${message}`,
      'Free some space, then resume from the last checkpoint.',
    );
  }
  if (systemCode === 'EFBIG') {
    return errorInfo(
      'disk-full',
      `A file may not grow so large here: ${message}`,
      'Raise the limit for files (ulimit -f), or write to another disk.',
    );
  }
  if (systemCode === 'EROFS' || systemCode === 'EACCES' || systemCode === 'EPERM') {
    return errorInfo('read-only', `Not allowed to write: ${message}`, 'Choose a folder that you may write to.');
  }
  if (systemCode === 'ENOENT') return errorInfo('not-found', message);
  return errorInfo('internal', message);
}

/** The AppError for a wire form, for the receiving side. */
export function fromErrorInfo(info: ErrorInfo): AppError {
  return new AppError(info.code, info.message, info.hint === undefined ? {} : { hint: info.hint });
}

/** One line for a terminal or a notification: the sentence, then the hint. */
export function describeError(thrown: unknown): string {
  const info = toErrorInfo(thrown);
  if (info.hint === undefined) return info.message;
  const end = /[.!?:]$/.test(info.message) ? '' : '.';
  return `${info.message}${end} ${info.hint}`;
}

function errorInfo(code: ErrorCode, message: string, hint?: string): ErrorInfo {
  return hint === undefined ? { code, message } : { code, message, hint };
}
