import type { FailureKind } from '../../domain/failure.ts';
import { jsonObject } from './templates.ts';

/** What a status command says of a job. */
export interface CommandState {
  readonly kind: 'queued' | 'running' | 'ended' | 'unknown';
  readonly exitCode?: number;
  readonly failure?: FailureKind;
  /** The command's own words, for people. */
  readonly detail: string;
}

type Meaning = Omit<CommandState, 'detail'>;

const queued: Meaning = { kind: 'queued' };
const running: Meaning = { kind: 'running' };
const wellEnded: Meaning = { kind: 'ended', exitCode: 0 };
const failed = (failure: FailureKind): Meaning => ({ kind: 'ended', exitCode: 1, failure });

/**
 * Words for states by those who say them. Sources: qstat(1) of PBS Professional and Grid Engine, bjobs(1) of LSF, sacct(1) of SLURM,
 * `sky jobs queue`, `dstack ps`, Hugging Face's `hf jobs ps`.
 */
const words: { readonly [word: string]: Meaning } = {
  ...table(
    queued,
    'Q QW HQW W H T PD PEND PSUSP PENDING QUEUED HELD WAITING SUBMITTED PROVISIONING INIT SCHEDULING STARTING PULLING',
  ),
  ...table(running, 'R RUN RUNNING RR TR CG COMPLETING E S USUSP SSUSP SUSPENDED RECOVERING STOPPING'),
  ...table(wellEnded, 'C CD DONE COMPLETED COMPLETE SUCCEEDED SUCCESS FINISHED F OK'),
  ...table(failed('error'), 'FAILED FAIL ERROR EXIT EXITED BF BOOT_FAIL FAILED_SETUP'),
  ...table(failed('time-limit'), 'TO TIMEOUT DEADLINE TIMED_OUT'),
  ...table(failed('oom'), 'OOM OUT_OF_MEMORY'),
  ...table(failed('node-failure'), 'NF NODE_FAIL FAILED_NO_RESOURCE FAILED_CONTROLLER'),
  ...table(failed('pre-empted'), 'PR PREEMPTED INTERRUPTED'),
  ...table(failed('interrupted'), 'CA CANCELLED CANCELED ABORTED TERMINATED STOPPED KILLED DELETED'),
};

/**
 * Reads the answer of a status command: a JSON object with `state` and, where it ended, `exitCode` and `detail`; or text, of which the last line's
 * first known word counts.
 */
export function readState(output: string): CommandState {
  const text = output.trim();
  const answer = jsonObject(text);
  if (answer === undefined) return stateInText(text);
  const word = String(answer['state'] ?? answer['status'] ?? '');
  const meaning = meaningOf(word);
  const code = answer['exitCode'] ?? answer['exit_code'];
  const exitCode = typeof code === 'number' ? code : meaning?.exitCode;
  const detail = typeof answer['detail'] === 'string' ? answer['detail'] : word;
  if (meaning === undefined)
    return { kind: 'unknown', detail: `The status command said "${word}", which is no state.` };
  if (meaning.kind !== 'ended') return { kind: meaning.kind, detail };
  const failure = exitCode === 0 ? undefined : (meaning.failure ?? 'error');
  return {
    kind: 'ended',
    detail,
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(failure === undefined ? {} : { failure }),
  };
}

function stateInText(text: string): CommandState {
  const line = text.split('\n').at(-1)?.trim() ?? '';
  for (const word of line.split(/[\s,;|=:]+/)) {
    const meaning = meaningOf(word);
    if (meaning !== undefined) return { ...meaning, detail: line };
  }
  const said = line === '' ? 'nothing' : `"${line.slice(0, 120)}"`;
  return { kind: 'unknown', detail: `The status command said ${said}, which names no state.` };
}

/** One-letter states are written in capitals; a small "r" in a name is none. */
function meaningOf(word: string): Meaning | undefined {
  const known = word.length < 3 ? word : word.toUpperCase();
  return Object.hasOwn(words, known) ? words[known] : undefined;
}

function table(meaning: Meaning, spelled: string): { readonly [word: string]: Meaning } {
  return Object.fromEntries(spelled.split(' ').map((word) => [word, meaning]));
}
