import type { RunStatus } from '../../domain/run.ts';
import { describeFailure, endingFailure } from '../files/consoleEnd.ts';
import { parseLocalTime } from '../files/localTime.ts';
import { consoleLines } from '../files/textEnds.ts';

/** How a job ended, as SLURM or the program wrote it into its output. */
export interface JobEnding {
  readonly status: Extract<RunStatus, 'finished' | 'failed' | 'killed'>;
  readonly reason: string;
  /** As SLURM wrote it, in the cluster's own time. */
  readonly at?: number;
  readonly node?: string;
  readonly jobId?: string;
}

/** What came last counts: a job that was put back into the queue writes on in the same file. */
const mostLinesAfter = 100;
const mostLinesAfterStep = 25;

/** What SLURM writes of the whole job, by its words. Source: slurmstepd's and slurmd's messages, src/slurmd/slurmstepd/{mgr,req}.c and src/slurmd/slurmd/req.c. */
const causes: readonly (readonly [RegExp, string])[] = [
  [/DUE TO TIME LIMIT/, 'it reached its time limit'],
  [/DUE TO PREEMPTION/, 'it was pre-empted by another job'],
  [/DUE TO NODE FAILURE/, 'its node failed'],
  [/DUE TO JOB REQUEUE/, 'it was put back into the queue'],
  [/DUE TO (.+?) ?\*\*\*/, ''],
];

const jobLine = /\*\*\* JOB (\d+(?:_\d+)?) ON (\S+) CANCELLED AT (\S+)(.*)/;
const stepLine = /\*\*\* STEP (\d+(?:_\d+)?)\.(\w+) ON (\S+) CANCELLED AT (\S+)(.*)/;
const memoryLine =
  /Detected \d+ oom[-_]kill event|Exceeded (?:job|step) memory limit|exceeded memory limit .*being killed|(?:task|tasks) [\d,-]+: Out Of Memory/;
const nodeLine = /srun: error: Node failure on (\S+)/;
const taskLine =
  /srun: error: (\S+): tasks? [\d,-]+: (Exited with exit code (\d+)|Killed|Terminated|Segmentation fault.*|Aborted.*|Bus error.*)/;
/** Reports that clusters print behind a job, in the form of `seff`. */
const stateLine =
  /^\s*(?:Job )?State\s*:\s*(COMPLETED|FAILED|TIMEOUT|OUT_OF_MEMORY|CANCELLED|NODE_FAIL|PREEMPTED)\b(?:.*?exit code (\d+))?/i;

/** The endings that a text may show, in the order in which they are believed. */
const tellers: readonly ((lines: readonly string[], text: string) => JobEnding | undefined)[] = [
  byJobWithCause,
  byState,
  byMemory,
  byJob,
  byNode,
  byTraceback,
  byTask,
  byStep,
];

/** How the job ended by the last part of its outputs (the program's own first, then its errors); undefined where they do not say. */
export function endingOf(tails: readonly string[]): JobEnding | undefined {
  const texts = tails.map((tail) => ({ tail, lines: consoleLines(tail).filter((line) => line.trim() !== '') }));
  for (const teller of tellers) {
    for (const { tail, lines } of texts) {
      const ending = teller(lines, tail);
      if (ending !== undefined) return ending;
    }
  }
  return undefined;
}

/** Lines of SLURM itself behind a program's last words. */
export function isSlurmLine(line: string): boolean {
  return /^(?:slurmstepd|srun|slurm_script)\b|^\[[\d\-T:.]+\] error: \*\*\*|\*\*\* (?:JOB|STEP) \d/.test(line);
}

function byJobWithCause(lines: readonly string[]): JobEnding | undefined {
  const found = lastMatch(lines, jobLine, mostLinesAfter);
  return found?.[4]?.includes('DUE TO') === true ? cancelled(found[1]!, found[2]!, found[3]!, found[4]) : undefined;
}

function byJob(lines: readonly string[]): JobEnding | undefined {
  const found = lastMatch(lines, jobLine, mostLinesAfter);
  return found === undefined ? undefined : cancelled(found[1]!, found[2]!, found[3]!, found[4] ?? '');
}

function byStep(lines: readonly string[]): JobEnding | undefined {
  const found = lastMatch(lines, stepLine, mostLinesAfterStep);
  if (found === undefined) return undefined;
  const ending = cancelled(found[1]!, found[3]!, found[4]!, found[5] ?? '');
  return /DUE TO TASK FAILURE/.test(found[5] ?? '') ? { ...ending, status: 'failed' } : ending;
}

function cancelled(jobId: string, node: string, time: string, rest: string): JobEnding {
  const at = parseLocalTime(time);
  const cause = causes.find(([pattern]) => pattern.test(rest));
  const said = cause?.[1] === '' ? cause[0].exec(rest)?.[1]?.toLowerCase() : cause?.[1];
  const reason = `SLURM ended job ${jobId} on ${node} at ${time}: ${said ?? 'it was cancelled'}.`;
  return { status: 'killed', reason, node, jobId, ...(at === undefined ? {} : { at }) };
}

function byState(lines: readonly string[]): JobEnding | undefined {
  const [, state, code] = lastMatch(lines, stateLine, mostLinesAfterStep) ?? [];
  if (state === undefined) return undefined;
  const how = code === undefined ? '' : ` (exit code ${code})`;
  const status =
    state === 'COMPLETED' ? 'finished' : state === 'FAILED' || state === 'OUT_OF_MEMORY' ? 'failed' : 'killed';
  return { status, reason: `The report behind the job says ${state.toUpperCase()}${how}.` };
}

function byMemory(lines: readonly string[]): JobEnding | undefined {
  const found = lastMatch(lines, memoryLine, mostLinesAfterStep);
  return found === undefined ? undefined : { status: 'failed', reason: `It ran out of memory: ${lineOf(found)}` };
}

function byNode(lines: readonly string[]): JobEnding | undefined {
  const found = lastMatch(lines, nodeLine, mostLinesAfterStep);
  return found === undefined
    ? undefined
    : { status: 'killed', reason: `Its node ${found[1]} failed.`, node: found[1]! };
}

function byTraceback(_: readonly string[], text: string): JobEnding | undefined {
  const failure = endingFailure(text, isSlurmLine);
  return failure === undefined
    ? undefined
    : { status: 'failed', reason: `The output ends with ${describeFailure(failure)}` };
}

function byTask(lines: readonly string[]): JobEnding | undefined {
  const found = lastMatch(lines, taskLine, mostLinesAfterStep);
  if (found === undefined) return undefined;
  const [, node = '', how = ''] = found;
  const status = /^(?:Killed|Terminated)/.test(how) ? 'killed' : 'failed';
  return { status, reason: `srun says of a task on ${node}: ${how.charAt(0).toLowerCase()}${how.slice(1)}.`, node };
}

function lastMatch(lines: readonly string[], pattern: RegExp, mostAfter: number): RegExpExecArray | undefined {
  for (let at = lines.length - 1, after = 0; at >= 0 && after <= mostAfter; at--) {
    const found = pattern.exec(lines[at]!);
    if (found !== null) return found;
    // SLURM's own lines come in any number, one per task.
    if (!isSlurmLine(lines[at]!)) after += 1;
  }
  return undefined;
}

function lineOf({ input }: RegExpExecArray): string {
  const text = input.trim().replace(/^slurmstepd: error: /, '');
  return `${text.slice(0, 300).replace(/\.$/, '')}.`;
}
