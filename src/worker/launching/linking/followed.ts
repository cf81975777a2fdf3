import type { RunId } from '../../../domain/ids.ts';
import type { Job } from '../../../domain/job.ts';
import type { LaunchRecord } from '../../../domain/launch.ts';
import type { FoundRun } from '../../../domain/records.ts';
import type { LinkedJob } from './findLinks.ts';

/** A job whose logs are looked for. */
export interface Followed extends LinkedJob {
  readonly runId: RunId;
  readonly found: FoundRun;
  readonly isLocal: boolean;
  readonly isHydra: boolean;
  /** Whether `startedAt` is when it began, and not when it was put into a queue. */
  readonly knowsStart: boolean;
  /** Milliseconds since 1970; undefined while it runs. */
  endedAt: number | undefined;
  /** When its end was noticed: of jobs elsewhere long after it. */
  noticedAt: number | undefined;
  /** It has ended and was looked at once more since. */
  isLookedOver: boolean;
  /** Files that its processes were seen to have open for writing. */
  readonly written: Set<string>;
  /** Those of the last look, and those that were seen in two looks one after the other. */
  lastOpen: ReadonlySet<string>;
  readonly steady: Set<string>;
  /** The command that was launched, and argument vectors that its processes were seen with. */
  readonly commands: (readonly string[])[];
}

/** A program may open files without end. */
const keptFiles = 4_000;
const keptCommands = 100;

/** A job of a command, as it is followed from now on. Undefined where its run was no command of the repository. */
export function followedOf(job: Job, found: FoundRun, record: LaunchRecord | undefined): Followed | undefined {
  if (record?.commandLaunch === undefined) return undefined;
  const { entry, request } = record.commandLaunch;
  return {
    runId: job.runId,
    found,
    directory: found.path,
    folder: request.folder,
    cwd: record.cwd,
    args: record.overrides,
    startedAt: (job.startedAt ?? job.submittedAt) * 1000,
    knowsStart: job.startedAt !== undefined,
    isLocal: job.target === 'local',
    isHydra: entry?.takes !== 'nothing',
    endedAt: endOf(job),
    noticedAt: job.state === 'done' ? Date.now() : undefined,
    isLookedOver: false,
    written: new Set(),
    lastOpen: new Set(),
    steady: new Set(),
    commands: [record.command],
  };
}

/** When it ended, as its target knows it, in milliseconds since 1970; undefined while it runs. */
export function endOf({ state, endedAt }: Job): number | undefined {
  return state === 'done' ? (endedAt ?? 0) * 1000 : undefined;
}

/** Takes in what the job's processes have open at this moment. */
export function noteFiles(job: Followed, files: ReadonlySet<string>): void {
  for (const file of files) {
    if (job.lastOpen.has(file) && job.steady.size < keptFiles) job.steady.add(file);
    if (job.written.size < keptFiles) job.written.add(file);
  }
  job.lastOpen = files;
}

export function noteCommand({ commands }: Followed, command: readonly string[]): void {
  const isKnown = commands.some(
    (each) => each.length === command.length && each.every((word, at) => word === command[at]),
  );
  if (!isKnown && commands.length < keptCommands) commands.push(command);
}
