import type { ErrorCode, ErrorInfo } from '../base/errors.ts';
import { type Failure, type FailureKind, unknownFailure, withoutNumbers } from './failure.ts';
import { type Frame, ownFrame, parseTracebacks, type Traceback } from './traceback.ts';

/** What is known of an end that was not good. */
export interface Ending {
  readonly exitCode?: number;
  readonly signal?: string;
  /** The target's own words: "SLURM 4711: TIMEOUT", "exit code 1". */
  readonly detail: string;
  /** A stop was asked for before the end. */
  readonly stopRequested: boolean;
  /** The last part of the output, some tens of kilobytes. */
  readonly output: string;
  /** The trainer's last word, where it is ours. */
  readonly error?: ErrorInfo;
}

const maxMessage = 500;

/** Words of schedulers; the first that stands in the target's words decides. States: https://slurm.schedmd.com/squeue.html#lbAG */
const stateKinds: readonly (readonly [RegExp, FailureKind])[] = [
  [/\bOUT_OF_ME(?:MORY)?\b/, 'oom'],
  [/\bTIMEOUT\b|\bDEADLINE\b|time ?limit/i, 'time-limit'],
  [/\bPREEMPTED\b|pre-?empt/i, 'pre-empted'],
  [/\bNODE_FAIL\b|\bBOOT_FAIL\b|node fail/i, 'node-failure'],
];

/** What an exception's line says, or any line where there is no exception. The first that fits decides: an out-of-memory error inside Hydra's instantiation is one of memory. */
const errorKinds: readonly (readonly [RegExp, FailureKind])[] = [
  [
    /OutOfMemoryError|(?:CUDA|HIP|MPS backend) out of memory|CUBLAS_STATUS_ALLOC_FAILED|CUDNN_STATUS_ALLOC_FAILED|^MemoryError|Unable to allocate [\d.]+ [KMGT]iB|DefaultCPUAllocator|std::bad_alloc|Cannot allocate memory|RESOURCE_EXHAUSTED|Out of memory: Killed process|oom[-_]kill|DataLoader worker \(pid\(?s?\)? .*\) (?:is killed by signal: Killed|exited unexpectedly)/,
    'oom',
  ],
  [/No space left on device|\[Errno 28\]|ENOSPC|Disk quota exceeded|\[Errno 122\]/, 'disk-full'],
  [/DUE TO TIME LIMIT/, 'time-limit'],
  [/DUE TO PREEMPTION/, 'pre-empted'],
  [
    /DUE TO NODE FAILURE|Watchdog caught collective operation timeout|NCCL.*(?:timed? ?out|timeout)|ncclSystemError|ncclRemoteError|ncclUnhandledCudaError|DistBackendError|uncorrectable ECC|fallen off the bus|Connection closed by peer.*rank|RendezvousConnectionError/i,
    'node-failure',
  ],
  [/ModuleNotFoundError|ImportError|error while loading shared libraries|Cannot find module/, 'import-error'],
  [
    /hydra\.errors\.|omegaconf\.errors\.|ConfigCompositionException|MissingConfigException|MissingMandatoryValue|ConfigAttributeError|ConfigKeyError|OverrideParseException|InstantiationException|Could not override '|Could not append to config|Could not find '[^']+'$|Key '[^']+' is not in struct|mismatched input|LexerNoViableAltException|error: (?:unrecognized arguments|the following arguments are required|argument .+: )|unrecognized option|command not found|The command could not be started/,
    'bad-config',
  ],
  [
    /FileNotFoundError|NotADirectoryError|DatasetNotFoundError|DataFilesNotFoundError|UnpicklingError|JSONDecodeError|UnicodeDecodeError|BadZipFile|ArrowInvalid|EOFError|No such file or directory/,
    'data',
  ],
  [/\bnans?\b|\bnon-?finite\b|\bnot finite\b|\binf(?:inite|inity)?\b (?:values?|loss|gradients?)|\bdiverged\b/i, 'nan'],
  [/^KeyboardInterrupt/, 'interrupted'],
];

const codeKinds: { readonly [C in ErrorCode]?: FailureKind } = {
  diverged: 'nan',
  'out-of-memory': 'oom',
  'disk-full': 'disk-full',
  'bad-config': 'bad-config',
  'bad-data': 'data',
};

/** Exceptions that only say that another process failed, whose own words stand before. */
const messengers = /(?:^|\.)(?:ChildFailedError|ProcessRaisedException|ProcessExitedException|CalledProcessError)$/;

/** Why a run ended as it did, as far as anybody can tell: the scheduler's word first, then the request to stop, the exception, single lines, and the signal. */
export function diagnose(ending: Ending): Failure {
  const state = kindOf(stateKinds, ending.detail);
  const traceback = decisive(parseTracebacks(ending.output));
  if (state !== undefined) return withPlace(state, ending.detail, undefined, placeIn(traceback));
  if (ending.stopRequested) return plain('interrupted', 'It was stopped on request.');
  if (ending.error !== undefined) return ofTrainer(ending.error);
  const line = tellingLine(ending.output);
  if (traceback !== undefined && traceback.exception !== '') return ofTraceback(traceback, line);
  if (line !== undefined) return withPlace(line.kind, line.text, undefined, placeIn(traceback));
  return ofProcess(ending);
}

function ofTrainer({ code, message, hint }: ErrorInfo): Failure {
  const failure = plain(codeKinds[code] ?? 'error', message);
  return hint === undefined ? failure : { ...failure, hint };
}

function ofTraceback(traceback: Traceback, line: TellingLine | undefined): Failure {
  const { exception, message } = traceback;
  const said = message === '' ? exception : `${exception}: ${message}`;
  const kind = kindOf(errorKinds, said);
  // The kernel, NCCL's watchdog or SLURM may know better than an exception that says nothing.
  if (kind === undefined && line !== undefined && isOutside(line.kind)) {
    return withPlace(line.kind, line.text, undefined, placeIn(traceback));
  }
  return withPlace(kind ?? 'error', said, exception, placeIn(traceback));
}

function isOutside(kind: FailureKind): boolean {
  return kind === 'node-failure' || kind === 'time-limit' || kind === 'pre-empted' || kind === 'oom';
}

/** The exception that counts: the last one that is no mere messenger, and with a place in the user's code where one has it. */
function decisive(all: readonly Traceback[]): Traceback | undefined {
  const own = all.filter(({ exception }) => !messengers.test(exception));
  const last = own.at(-1) ?? all.at(-1);
  if (last === undefined || ownFrame(last) !== undefined) return last;
  const placed = own.findLast((traceback) => ownFrame(traceback) !== undefined);
  return placed === undefined ? last : { ...last, frames: placed.frames };
}

interface TellingLine {
  readonly kind: FailureKind;
  readonly text: string;
}

/** The last line that is known to mean something. */
function tellingLine(output: string): TellingLine | undefined {
  const lines = output.split(/\r\n|\n|\r/);
  for (let at = lines.length - 1; at >= Math.max(0, lines.length - 400); at--) {
    const text = lines[at]!.trim();
    // Numbers that are not finite are logged by healthy runs too, so only an exception says that they ended one.
    const kind = kindOf(errorKinds, text);
    if (kind !== undefined && kind !== 'nan' && kind !== 'data') return { kind, text };
    if (/^(?:Killed|.*\bline \d+:\s+\d+ Killed\b.*)$/.test(text)) return { kind: 'killed', text };
  }
  return undefined;
}

function ofProcess({ exitCode, signal, detail, output }: Ending): Failure {
  if (signal === 'SIGKILL' || exitCode === 137) {
    return plain('killed', 'It was killed (SIGKILL): by the system when memory ran out, or by a person.');
  }
  if (signal === 'SIGINT' || signal === 'SIGTERM' || exitCode === 130 || exitCode === 143) {
    return plain('interrupted', `It was interrupted (${signal ?? `exit code ${exitCode}`}).`);
  }
  if (exitCode === 127 || exitCode === 126) return plain('bad-config', lastLine(output) ?? detail);
  const said = lastError(output);
  if (said !== undefined) return plain('error', said);
  return exitCode === undefined && signal === undefined
    ? unknownFailure(detail)
    : plain('error', lastLine(output) ?? detail);
}

function lastError(output: string): string | undefined {
  const lines = output.split(/\r\n|\n|\r/).map((line) => line.trim());
  return lines.slice(-100).findLast((line) => /\b(?:error|exception|fatal|failed|abort(?:ed)?)\b/i.test(line));
}

function lastLine(output: string): string | undefined {
  return output
    .split(/\r\n|\n|\r/)
    .map((line) => line.trim())
    .findLast((line) => line !== '');
}

function kindOf(table: readonly (readonly [RegExp, FailureKind])[], text: string): FailureKind | undefined {
  return table.find(([pattern]) => pattern.test(text))?.[1];
}

function placeIn(traceback: Traceback | undefined): Frame | undefined {
  return traceback === undefined ? undefined : ownFrame(traceback);
}

function plain(kind: FailureKind, message: string): Failure {
  return withPlace(kind, message, undefined, undefined);
}

function withPlace(kind: FailureKind, said: string, exception: string | undefined, place: Frame | undefined): Failure {
  const message = said.length > maxMessage ? `${said.slice(0, maxMessage - 1)}…` : said;
  // Sizes and addresses differ from run to run; where memory ran out the words say nothing more than the place.
  const cause = kind === 'oom' ? (exception ?? '') : withoutNumbers(message).slice(0, 160);
  const at = place === undefined ? '' : ` at ${place.file.split(/[/\\]/).at(-1)} ${place.inside}`;
  return {
    kind,
    message,
    signature: `${kind}: ${cause}${at}`.trim(),
    ...(place === undefined ? {} : { file: place.file, line: place.line }),
  };
}
