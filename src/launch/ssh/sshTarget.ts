import type { Disposable } from '../../base/disposables.ts';
import { AppError, describeError } from '../../base/errors.ts';
import type { RemoteFile, SshSettings } from '../../domain/target.ts';
import { writeElsewhere } from '../elsewhere.ts';
import { endFromFile, readExit, readStop, type StopRequest, writeExit, writeStop } from '../local/jobFiles.ts';
import type { JobPlace, JobPresence, LaunchTarget } from '../target.ts';
import { HostPoll } from './hostPoll.ts';
import { launchJob } from './launchJob.ts';
import type { RemotePlace } from './mirror.ts';
import { clearRemoteRun, fetchOfRemoteRun, listRemoteRun } from './remoteRun.ts';
import { placeKey } from './sshCommand.ts';
import type { SshHost } from './sshHost.ts';
import type { SshHosts } from './sshHosts.ts';
import { readJobState, readSshJob, type SshJobState, writeJobState } from './sshJob.ts';

export interface SshTargetOptions {
  readonly hosts: SshHosts;
  /** How long a stopped job may take after SIGINT, and then after SIGTERM. */
  readonly interruptMs?: number;
  readonly terminateMs?: number;
  /** A sentence about something that went wrong and was survived. */
  readonly complain?: (message: string) => void;
}

/** A job as this process knows it. What must outlive it is in the run's directory. */
interface Known {
  readonly place: JobPlace;
  readonly settings: SshSettings;
  state: SshJobState | undefined;
  starting: Promise<void> | undefined;
  isStopAsked: boolean;
  isTelling: boolean;
}

/** Runs jobs on hosts behind ssh, each under a shim over there that outlives every connection. One connection and one question per host do for all its jobs. */
export class SshTarget implements LaunchTarget, Disposable {
  readonly name = 'ssh';
  readonly #options: SshTargetOptions;
  readonly #jobs = new Map<string, Known>();
  readonly #polls = new Map<string, HostPoll>();
  #isDisposed = false;

  constructor(options: SshTargetOptions) {
    this.#options = options;
  }

  async start(job: JobPlace): Promise<void> {
    const known = this.#known(job);
    if (readExit(job.directory) !== undefined || known.state?.phase === 'started') return;
    known.starting ??= this.#start(known, true).finally(() => {
      known.starting = undefined;
    });
    await known.starting;
  }

  inspect(job: JobPlace): JobPresence {
    const ended = endFromFile(job.directory);
    if (ended !== undefined) {
      const startedAt = this.#jobs.get(job.directory)?.state?.startedAt;
      this.#jobs.delete(job.directory);
      return { ...(startedAt === undefined ? {} : { startedAt }), ...ended };
    }
    const known = this.#known(job);
    const { state } = known;
    if (state === undefined) return known.starting === undefined ? { kind: 'unclaimed' } : placing(known);
    if (state.lost !== undefined) return { kind: 'lost', detail: state.lost };
    const poll = this.#poll(known);
    if (state.phase !== 'started') return placing(known, poll.troubleOf(job));
    return {
      kind: 'running',
      ...(state.startedAt === undefined ? {} : { startedAt: state.startedAt }),
      detail: poll.detailOf(job),
    };
  }

  watch(jobs: readonly JobPlace[], isWatched: boolean): void {
    if (this.#isDisposed) return;
    const byPoll = new Map<HostPoll, Known[]>();
    for (const job of jobs) {
      const known = this.#tryKnown(job);
      if (known === undefined || known.state === undefined || known.state.lost !== undefined) continue;
      const poll = this.#poll(known);
      byPoll.set(poll, [...(byPoll.get(poll) ?? []), known]);
    }
    for (const [poll, known] of byPoll) {
      const host = this.#host(known[0]!);
      for (const each of known) if (host.mayTry) this.#goOn(each);
      const started = known.filter(({ state, starting }) => state?.phase === 'started' && starting === undefined);
      poll.askWhenDue(
        started.map(({ place, settings, state }) => ({ place, settings, state: state! })),
        isWatched,
      );
    }
  }

  stop(job: JobPlace, { force }: { readonly force: boolean }): void {
    const { interruptMs = 10_000, terminateMs = 5_000 } = this.#options;
    const known = this.#known(job);
    const earlier = readStop(job.directory);
    if (earlier === undefined || (force && !earlier.force))
      writeStop(job.directory, { requestedAt: earlier?.requestedAt ?? Date.now(), force, interruptMs, terminateMs });
    known.isStopAsked = true;
    const nothingSent = known.state === undefined || known.state.phase === 'placing';
    if (nothingSent && known.starting === undefined && readExit(job.directory) === undefined) endUnstarted(job);
    else this.#goOn(known);
  }

  files({ directory }: JobPlace): readonly RemoteFile[] {
    return listRemoteRun(directory);
  }

  async fetch(job: JobPlace, file: string, onBytes?: (bytes: number, of: number) => void): Promise<string> {
    return fetchOfRemoteRun(job.directory, file, () => this.#remotePlace(job), onBytes);
  }

  async clear(job: JobPlace): Promise<number> {
    const place = this.#remotePlace(job);
    return place === undefined ? 0 : await clearRemoteRun(job.directory, job.runId, place);
  }

  dispose(): void {
    this.#isDisposed = true;
    for (const poll of this.#polls.values()) poll.dispose();
    this.#jobs.clear();
  }

  /** Carries on with what a job waits for: its start, or its end. */
  #goOn(known: Known): void {
    if (known.starting !== undefined || this.#isDisposed || readExit(known.place.directory) !== undefined) return;
    if (known.state !== undefined && known.state.phase !== 'started') {
      known.starting = this.#start(known, false).finally(() => {
        known.starting = undefined;
      });
    } else if (known.isStopAsked && known.state !== undefined) this.#tellStop(known);
  }

  async #start(known: Known, isUrgent: boolean): Promise<void> {
    const { place } = known;
    const host = this.#host(known);
    try {
      if (known.state === undefined) this.#note(known, { format: 1, phase: 'placing', askedAt: Date.now() / 1000 });
      const job = readSshJob(place);
      const launched = await launchJob({
        host,
        job,
        place,
        isUrgent,
        stop: readStop(place.directory),
        onSend: (folder) => this.#note(known, { ...known.state!, phase: 'sent', folder }),
      });
      if (this.#isDisposed) return;
      const { isUncertain: _, ...state } = known.state!;
      this.#note(known, {
        ...state,
        phase: 'started',
        startedAt: Date.now() / 1000,
        ...(launched.stopTold === undefined ? {} : { stopTold: launched.stopTold }),
      });
      this.#poll(known).noteStarted(place, launched.pid);
    } catch (error) {
      if (!this.#isDisposed) this.#startFailed(known, host, error);
    }
  }

  #startFailed(known: Known, host: SshHost, error: unknown): void {
    const { place, state } = known;
    const isSilence = error instanceof AppError && ['unreachable', 'timeout', 'closed'].includes(error.code);
    if (isSilence && state?.phase === 'sent') this.#note(known, { ...state, isUncertain: true });
    const mayRun = state?.phase === 'sent' && state.isUncertain === true;
    const sentence = describeError(error);
    if (isSilence || mayRun) {
      this.#poll(known).noteTrouble(place, sentence);
      writeElsewhere(place.directory, {
        runId: place.runId,
        where: host.place.host,
        state: 'queued',
        detail: `${sentence} It starts as soon as ${host.place.host} answers.`,
      });
      return;
    }
    // The host, or this side, said no: nothing of the job runs, and trying again would change nothing.
    writeExit(place.directory, {
      runId: place.runId,
      code: 127,
      signal: null,
      endedAt: Date.now() / 1000,
      error: sentence,
      stopRequested: readStop(place.directory) !== undefined,
    });
  }

  #tellStop(known: Known): void {
    const { place, state } = known;
    const request = readStop(place.directory);
    const told = request?.force ? 'forced' : 'asked';
    if (known.isTelling || request === undefined || state?.stopTold === told || state?.folder === undefined) return;
    known.isTelling = true;
    void this.#sendStop(known, request, told, state.folder).finally(() => {
      known.isTelling = false;
    });
  }

  async #sendStop(known: Known, request: StopRequest, told: 'asked' | 'forced', folder: string): Promise<void> {
    const { place, settings } = known;
    const base = folder.slice(0, folder.lastIndexOf('/runs/'));
    try {
      await this.#host(known).call('stop', { base, id: place.runId, request }, { timeoutMs: 30_000, urgent: false });
      if (this.#isDisposed) return;
      this.#note(known, { ...known.state!, stopTold: told });
      this.#poll(known).hurry();
    } catch (error) {
      this.#poll(known).noteTrouble(
        place,
        `The stop is told to ${settings.host} when it answers: ${describeError(error)}`,
      );
    }
  }

  #known(job: JobPlace): Known {
    const known = this.#jobs.get(job.directory);
    if (known !== undefined) return known;
    const made: Known = {
      place: job,
      settings: readSshJob(job).settings,
      state: readJobState(job.directory),
      starting: undefined,
      isStopAsked: readStop(job.directory) !== undefined,
      isTelling: false,
    };
    this.#jobs.set(job.directory, made);
    return made;
  }

  #tryKnown(job: JobPlace): Known | undefined {
    try {
      return this.#known(job);
    } catch {
      // inspect() says what is wrong with it.
      return undefined;
    }
  }

  #note(known: Known, state: SshJobState): void {
    writeJobState(known.place.directory, state);
    known.state = state;
  }

  /** Undefined where nothing was ever sent. */
  #remotePlace(job: JobPlace): RemotePlace | undefined {
    const known = this.#known(job);
    const { settings, state } = known;
    if (state?.folder === undefined) return undefined;
    const workdir = settings.code === 'none' ? settings.workdir : undefined;
    return { host: this.#host(known), folder: state.folder, workdir };
  }

  #host(known: Known): SshHost {
    return this.#options.hosts.host(known.settings);
  }

  #poll(known: Known): HostPoll {
    const key = `${placeKey(known.settings)} ${known.settings.folder ?? ''}`;
    const made =
      this.#polls.get(key) ??
      new HostPoll(this.#host(known), {
        onLost: (place, detail) => {
          const each = this.#jobs.get(place.directory);
          if (each?.state !== undefined) this.#note(each, { ...each.state, lost: detail });
        },
        onUnclaimed: (place) => {
          const each = this.#jobs.get(place.directory);
          if (each?.state !== undefined) this.#note(each, { ...each.state, phase: 'sent' });
        },
        complain: this.#options.complain ?? (() => {}),
      });
    this.#polls.set(key, made);
    return made;
  }
}

function placing({ settings }: Known, trouble?: string): JobPresence {
  return { kind: 'queued', detail: trouble ?? `the code is sent to ${settings.host}` };
}

function endUnstarted(job: JobPlace): void {
  writeExit(job.directory, {
    runId: job.runId,
    code: 130,
    signal: null,
    endedAt: Date.now() / 1000,
    error: 'It was stopped before it started.',
    stopRequested: true,
  });
}
