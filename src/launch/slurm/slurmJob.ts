import path from 'node:path';
import { AppError } from '../../base/errors.ts';
import type { LaunchRecord } from '../../domain/launch.ts';
import { type ExitFile, runFiles } from '../../domain/runDirectory.ts';
import type { SlurmSettings } from '../../domain/target.ts';
import { readJson } from '../files.ts';
import { endOf, readExit, readStop, type StopRequest, writeExit } from '../local/jobFiles.ts';
import type { JobPlace, JobPresence } from '../target.ts';
import { readClaimedJob, readNote, readStarts, type SlurmNote, slurmFiles, writeNote } from './notes.ts';
import { firstWord, meaningOf } from './states.ts';
import { baseId, type JobRow } from './texts.ts';
import { isUserScript } from './userScript.ts';

/** How long SLURM is asked why, after a program ended with a code that is not 0. */
const reasonPatienceMs = 10_000;

export type SlurmPhase = 'unknown' | 'waiting' | 'running' | 'ended';

/** What is known of one run's job: its files, and what the cluster said last. */
export class SlurmJob {
  readonly place: JobPlace;
  readonly record: LaunchRecord;
  readonly settings: SlurmSettings;
  /** A batch script of the user's, submitted as it is. */
  readonly isScript: boolean;
  /** When the cluster last answered about it, in milliseconds since 1970. */
  answeredAt = 0;
  /** When its state last changed. */
  changedAt = Date.now();
  /** Since when the cluster answers without naming it. */
  missingSince: number | undefined;
  /** What keeps it from being submitted or looked at, in a sentence. */
  trouble: string | undefined;
  isSubmitting = false;
  failures = 0;
  nextTryAt = 0;
  lastStop: { readonly signal: string; readonly at: number } | undefined;
  lost: string | undefined;
  /** What its directory says of it, so that it is written only when it changes. */
  told = '';
  #rows: readonly JobRow[] = [];
  #phase: SlurmPhase = 'unknown';
  /** What a person reads of the rows. */
  #text = stateText([]);
  #note: SlurmNote | undefined;
  #stop: StopRequest | undefined;
  #starts = 0;
  #exit: ExitFile | undefined;
  #exitSeenAt = 0;
  #nextLook = 0;

  /** Reads the run's files. Throws `bad-file` where the directory holds no launch for SLURM. */
  constructor(place: JobPlace) {
    this.place = place;
    const record = readJson<LaunchRecord>(path.join(place.directory, runFiles.launch));
    const target = record?.commandLaunch?.target;
    if (record === undefined || target?.settings.kind !== 'slurm') {
      throw new AppError('bad-file', `${place.directory} holds no launch for a SLURM cluster.`, {
        hint: 'Launch the run again.',
      });
    }
    this.record = record;
    this.settings = target.settings;
    this.isScript = isUserScript({ entry: record.commandLaunch?.entry, command: record.command });
    this.#note = readNote(place.directory);
    this.#stop = readStop(place.directory);
  }

  get note(): SlurmNote | undefined {
    return this.#note;
  }

  get jobId(): string | undefined {
    return this.#note?.jobId;
  }

  get stop(): StopRequest | undefined {
    return this.#stop;
  }

  /** Writes the note before it counts. */
  setNote(note: SlurmNote): void {
    writeNote(this.place.directory, note);
    this.#note = note;
  }

  reload(): void {
    this.#note = readNote(this.place.directory);
    this.#stop = readStop(this.place.directory);
  }

  /** Whether its files say that it ended. The disk is looked at once per `lookMs`, since a queue may hold thousands of jobs. */
  exit(lookMs = 0): ExitFile | undefined {
    const now = Date.now();
    if (lookMs > 0 && now < this.#nextLook) return this.#exit;
    // Not all jobs of a long queue in the same tick.
    this.#nextLook = now + lookMs * (0.5 + Math.random());
    const exit = readExit(this.place.directory);
    if (exit !== undefined && this.#exit === undefined) this.#exitSeenAt = now;
    this.#exit = exit;
    return exit;
  }

  /** Writes how the job ended, where its script could not. */
  conclude(
    exit: Pick<ExitFile, 'code' | 'signal' | 'error'> & { readonly stopRequested?: boolean; readonly endedAt?: number },
  ): void {
    writeExit(this.place.directory, {
      runId: this.place.runId,
      endedAt: Date.now() / 1000,
      ...exit,
      stopRequested: exit.stopRequested === true || readStop(this.place.directory) !== undefined,
    });
    this.exit();
  }

  /** Whether a row tells of this very job, and not of another one that was given its number. */
  isMine(row: JobRow): boolean {
    const note = this.#note;
    if (note?.jobId === undefined) return false;
    const isNumber = row.id === note.jobId || (!note.jobId.includes('_') && baseId(row.id) === note.jobId);
    return isNumber && (row.label === `${note.comment}|${note.jobName}` || row.label === `|${note.jobName}`);
  }

  /** The job or its tasks, as last seen. */
  get rows(): readonly JobRow[] {
    return this.#rows;
  }

  get phase(): SlurmPhase {
    return this.#phase;
  }

  /** Takes in what the cluster said of the job or some of its tasks. */
  see(rows: readonly JobRow[], now = Date.now()): void {
    const kept = this.#rows.filter((old) => !rows.some(({ id }) => id === old.id) && /_\d+$/.test(old.id));
    this.answeredAt = now;
    this.missingSince = undefined;
    this.#setRows([...kept, ...rows]);
  }

  /** Nothing is known any more of the job that it was. */
  forget(): void {
    this.#setRows([]);
  }

  #setRows(rows: readonly JobRow[]): void {
    this.#rows = rows;
    const text = stateText(rows);
    if (text === this.#text) return;
    this.#text = text;
    this.#phase = phaseOf(rows);
    this.changedAt = Date.now();
    this.#starts = readStarts(this.place.directory).length;
  }

  /** Whether the program has ever begun, as far as its own files say. */
  get hasStarted(): boolean {
    return readClaimedJob(this.place.directory) !== undefined;
  }

  /** Whether the end stands in a file and SLURM is only asked for the reason. */
  get wantsReason(): boolean {
    return this.#exit !== undefined && this.#end() === undefined;
  }

  presence(lookMs: number): JobPresence {
    this.exit(lookMs);
    const end = this.#end();
    if (end !== undefined) return end;
    if (this.lost !== undefined) return { kind: 'lost', detail: this.lost };
    if (this.#note === undefined) {
      return this.isSubmitting || this.trouble !== undefined
        ? { kind: 'queued', detail: this.trouble ?? 'is being submitted' }
        : { kind: 'unclaimed' };
    }
    const suffix = this.trouble === undefined ? '' : ` (${this.trouble})`;
    if (this.jobId === undefined) return { kind: 'queued', detail: `is being submitted${suffix}` };
    if (this.phase !== 'running') return { kind: 'queued', detail: `SLURM ${this.jobId}: ${this.#text}${suffix}` };
    return {
      kind: 'running',
      ...this.#started(),
      detail: `SLURM ${this.jobId}: ${this.#text}${this.#starts > 1 ? `, start ${this.#starts}` : ''}${suffix}`,
    };
  }

  /** When it began first, by what SLURM said; of an ended one its own script knows better. */
  #started(own?: number): { readonly startedAt?: number } {
    const told = this.rows.flatMap(({ start, state }) =>
      start !== undefined && meaningOf(state).phase !== 'waiting' ? [start] : [],
    );
    const startedAt = own ?? (told.length === 0 ? undefined : Math.min(...told));
    return startedAt === undefined ? {} : { startedAt };
  }

  /** The end by exit.json. A code other than 0 waits a moment for SLURM's reason: out of memory, or back in the queue after all. */
  #end(): JobPresence | undefined {
    const exit = this.#exit;
    if (exit === undefined) return undefined;
    const isFinal = exit.code === 0 || exit.stopRequested || exit.error !== undefined || this.jobId === undefined;
    const isExplained = this.phase === 'ended' && this.answeredAt >= this.#exitSeenAt;
    if (!isFinal && !isExplained && Date.now() - this.#exitSeenAt < reasonPatienceMs) return undefined;
    if (!isFinal && this.phase === 'waiting' && this.answeredAt >= this.#exitSeenAt) return undefined;
    const failure =
      exit.error === undefined ? undefined : meaningOf(/^SLURM \S+: ([A-Z_]+)/.exec(exit.error)?.[1] ?? '').failure;
    return {
      ...endOf(exit),
      ...this.#started(readStarts(this.place.directory)[0]?.at),
      ...(failure === undefined ? {} : { failure }),
    };
  }
}

function phaseOf(rows: readonly JobRow[]): SlurmPhase {
  if (rows.length === 0) return 'unknown';
  const phases = new Set(rows.map(({ state }) => meaningOf(state).phase));
  if (phases.has('running')) return 'running';
  return phases.has('waiting') ? 'waiting' : 'ended';
}

/** Names the term file's code, for jobs that ended after SLURM's SIGTERM. */
export function codeAfterTerm(directory: string): number | undefined {
  return readJson<ExitFile>(path.join(directory, slurmFiles.endedByTerm))?.code ?? undefined;
}

/** "PENDING, Resources", "RUNNING on n1", "3 RUNNING, 1 PENDING". */
function stateText(rows: readonly JobRow[]): string {
  const [row] = rows;
  if (row === undefined) return 'submitted';
  if (rows.length > 1) {
    const counts = new Map<string, number>();
    for (const { state } of rows) counts.set(firstWord(state), (counts.get(firstWord(state)) ?? 0) + 1);
    return [...counts].map(([state, count]) => `${count} ${state}`).join(', ');
  }
  const word = firstWord(row.state);
  if (meaningOf(row.state).phase === 'running') return row.nodes === '' ? word : `${word} on ${row.nodes}`;
  return row.reason === '' || row.reason === 'None' ? word : `${word}, ${row.reason}`;
}
