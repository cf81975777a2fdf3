import type { Disposable } from '../../base/disposables.ts';
import { AppError, describeError } from '../../base/errors.ts';
import type { ExitFile } from '../../domain/runDirectory.ts';
import type { SshSettings } from '../../domain/target.ts';
import { writeElsewhere } from '../elsewhere.ts';
import { readStop, writeExit } from '../local/jobFiles.ts';
import type { JobPlace } from '../target.ts';
import type { AgentPresence } from './agentCalls.ts';
import { Mirror, type RemotePlace } from './mirror.ts';
import { interestingFiles } from './mirrorRules.ts';
import type { SshHost } from './sshHost.ts';
import type { SshJobState } from './sshJob.ts';
import { pollPauseMs } from './sshPace.ts';

const pollMs = 60_000;
/** What of one file is fetched before the next one has its turn. */
const turnBytes = 8 * 1024 * 1024;
/** A shim that has claimed and is gone may just be writing its last word. */
const looksBeforeLost = 2;

export interface PolledJob {
  readonly place: JobPlace;
  readonly settings: SshSettings;
  readonly state: SshJobState;
}

export interface HostPollOptions {
  readonly onLost: (place: JobPlace, detail: string) => void;
  /** The host has never heard of it, though its start was sent. */
  readonly onUnclaimed: (place: JobPlace) => void;
  readonly complain: (message: string) => void;
}

interface Seen {
  readonly mirror: Mirror;
  generation: number;
  detail: string;
  trouble?: string | undefined;
  goneLooks: number;
}

/** Asks one host about all its jobs at once, and keeps their directories here up to date. */
export class HostPoll implements Disposable {
  readonly #host: SshHost;
  readonly #options: HostPollOptions;
  readonly #seen = new Map<string, Seen>();
  #askedAt = 0;
  #isAsking = false;
  #isDisposed = false;
  #lastAnswerAt: number | undefined;
  #trouble = '';

  constructor(host: SshHost, options: HostPollOptions) {
    this.#host = host;
    this.#options = options;
  }

  /** Asks when the youngest of the jobs is due. Returns at once. */
  askWhenDue(jobs: readonly PolledJob[], isWatched: boolean): void {
    if (jobs.length === 0 || this.#isAsking || !this.#host.mayTry) return;
    const now = Date.now();
    const ages = jobs.map(({ state }) => now - (state.startedAt ?? state.askedAt) * 1000);
    if (now - this.#askedAt < pollPauseMs(Math.min(...ages), isWatched)) return;
    this.#isAsking = true;
    this.#askedAt = now;
    void this.#ask(jobs)
      // What the disk here refuses, for instance; the next question tries again.
      .catch((error: Error) => this.#isDisposed || this.#options.complain(error.message))
      .finally(() => {
        this.#isAsking = false;
      });
  }

  dispose(): void {
    this.#isDisposed = true;
  }

  /** Asks at the next chance. */
  hurry(): void {
    this.#askedAt = 0;
  }

  noteStarted(place: JobPlace, pid: number | undefined): void {
    const seen = this.#of(place);
    seen.trouble = undefined;
    this.#lastAnswerAt = Date.now();
    this.#running(place, pid);
    this.hurry();
  }

  noteTrouble(place: JobPlace, sentence: string): void {
    this.#of(place).trouble = sentence;
  }

  troubleOf(place: JobPlace): string | undefined {
    return this.#seen.get(place.directory)?.trouble;
  }

  detailOf(place: JobPlace): string {
    return this.#of(place).detail;
  }

  async #ask(jobs: readonly PolledJob[]): Promise<void> {
    const base = baseOf(jobs[0]!.state);
    try {
      const asked = jobs.map(({ place, settings }) => ({
        id: place.runId,
        full: this.#of(place).generation !== this.#host.generation,
        ...(settings.code === 'none' && settings.workdir !== undefined ? { workdir: settings.workdir } : {}),
      }));
      const { result } = await this.#host.call(
        'poll',
        { base, interesting: interestingFiles, jobs: asked },
        { timeoutMs: pollMs },
      );
      this.#lastAnswerAt = Date.now();
      this.#trouble = '';
      const skew = result.now - Date.now() / 1000;
      const byId = new Map(result.jobs.map((presence) => [presence.id, presence]));
      for (const job of jobs) {
        const presence = byId.get(job.place.runId);
        if (this.#isDisposed) return;
        if (presence !== undefined) await this.#take(job, presence, skew);
      }
    } catch (error) {
      if (this.#isDisposed) return;
      // What the host told meanwhile may not have been taken in: it is asked for everything again.
      for (const { place } of jobs) this.#of(place).generation = -1;
      if (isSilence(error)) this.#silent(jobs, describeError(error));
      else
        for (const { place } of jobs)
          this.#tell(
            place,
            `It runs on ${this.#host.place.host}, but its files cannot be fetched: ${describeError(error)}`,
          );
    }
  }

  async #take({ place, settings, state }: PolledJob, presence: AgentPresence, skew: number): Promise<void> {
    const seen = this.#of(place);
    if (!presence.found) return this.#lost(place, `Its folder is gone from ${this.#host.place.host}.`);
    if (presence.claimed !== true) {
      this.#options.onUnclaimed(place);
      return;
    }
    const remote: RemotePlace = {
      host: this.#host,
      folder: state.folder!,
      workdir: settings.code === 'none' ? settings.workdir : undefined,
    };
    seen.mirror.note(presence.files);
    seen.generation = this.#host.generation;
    if (presence.exit !== undefined) return this.#end(place, seen, remote, presence.exit, skew);
    if (presence.shim === true || presence.alive === true) {
      seen.goneLooks = 0;
      this.#running(place, presence.pid, presence.startedAt === undefined ? undefined : presence.startedAt - skew);
      await seen.mirror.catchUp(remote, turnBytes);
      return;
    }
    seen.goneLooks += 1;
    await seen.mirror.catchUp(remote, turnBytes);
    if (seen.goneLooks < looksBeforeLost) return this.hurry();
    const why = presence.rebooted === true ? `${this.#host.place.host} was started anew` : 'its shim was killed';
    this.#lost(place, `The process is gone from ${this.#host.place.host} and nobody saw how it ended (${why}).`);
  }

  /** The end is told when everything that the job wrote is here. */
  async #end(place: JobPlace, seen: Seen, remote: RemotePlace, exit: ExitFile, skew: number): Promise<void> {
    if (!(await seen.mirror.catchUp(remote, turnBytes))) {
      seen.detail = `It has ended on ${this.#host.place.host}; its files are fetched.`;
      return this.hurry();
    }
    const stopRequested = exit.stopRequested || readStop(place.directory) !== undefined;
    writeExit(place.directory, { ...exit, runId: place.runId, stopRequested, endedAt: exit.endedAt - skew });
    this.#seen.delete(place.directory);
  }

  #running(place: JobPlace, pid: number | undefined, startedAt?: number): void {
    const { host } = this.#host.place;
    const detail = pid === undefined ? `It runs on ${host}.` : `Process ${pid} runs on ${host}.`;
    this.#tell(place, detail, startedAt);
  }

  #tell(place: JobPlace, detail: string, startedAt?: number): void {
    const seen = this.#of(place);
    if (seen.detail === detail) return;
    seen.detail = detail;
    writeElsewhere(place.directory, {
      runId: place.runId,
      where: this.#host.place.host,
      state: 'running',
      detail,
      ...(startedAt === undefined ? {} : { startedAt }),
    });
  }

  /** No answer says nothing about the jobs. */
  #silent(jobs: readonly PolledJob[], sentence: string): void {
    if (sentence !== this.#trouble) this.#options.complain(sentence);
    this.#trouble = sentence;
    const since = this.#lastAnswerAt === undefined ? '' : ` since ${clock(this.#lastAnswerAt)}`;
    for (const { place } of jobs)
      this.#tell(place, `No answer from ${this.#host.place.host}${since}; the job goes on there. ${sentence}`);
  }

  #lost(place: JobPlace, detail: string): void {
    writeElsewhere(place.directory, { runId: place.runId, where: this.#host.place.host, state: 'lost', detail });
    this.#options.onLost(place, detail);
    this.#seen.delete(place.directory);
  }

  #of(place: JobPlace): Seen {
    const known = this.#seen.get(place.directory);
    if (known !== undefined) return known;
    const { host } = this.#host.place;
    const made = {
      mirror: new Mirror(place.directory),
      generation: -1,
      detail: `It runs on ${host}, as far as is known.`,
      goneLooks: 0,
    };
    this.#seen.set(place.directory, made);
    return made;
  }
}

/** Whether nobody answered; everything else is an answer, or a trouble of this machine. */
export function isSilence(error: unknown): boolean {
  return error instanceof AppError && ['unreachable', 'refused', 'timeout', 'closed'].includes(error.code);
}

/** The base folder over there, from the folder of one of its runs. */
function baseOf({ folder = '' }: SshJobState): string {
  return folder.slice(0, folder.lastIndexOf('/runs/'));
}

function clock(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(11, 16)} UTC`;
}
