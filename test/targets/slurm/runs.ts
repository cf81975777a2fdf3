import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ulid } from '../../../src/base/ulid.ts';
import type { EntryPoint } from '../../../src/domain/entryPoint.ts';
import type { JobId, RunId } from '../../../src/domain/ids.ts';
import type { LaunchRecord } from '../../../src/domain/launch.ts';
import type { SlurmSettings } from '../../../src/domain/target.ts';
import { writeJsonSynced } from '../../../src/launch/files.ts';
import type { Executed, ExecuteOptions } from '../../../src/launch/remote/executor.ts';
import { LocalExecutor } from '../../../src/launch/remote/localExecutor.ts';
import { sharedFiles } from '../../../src/launch/slurm/place.ts';
import { SlurmTarget, type SlurmTargetOptions } from '../../../src/launch/slurm/slurmTarget.ts';
import type { JobPlace, JobPresence } from '../../../src/launch/target.ts';

const tickMs = 100;

/** Counts what is asked of the cluster. */
export class CountingExecutor extends LocalExecutor {
  readonly commands: (readonly string[])[] = [];

  override run(command: readonly string[], options?: ExecuteOptions): Promise<Executed> {
    this.commands.push(command);
    return super.run(command, options);
  }

  count(program: string): number {
    return this.commands.filter(([name]) => name === program).length;
  }
}

/** Runs in a folder of their own with a target that is ticked as the scheduler does. */
export class TestRuns {
  readonly folder: string;
  readonly complaints: string[] = [];
  readonly #places = new Map<RunId, JobPlace>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #targets: SlurmTarget[] = [];
  executor = new CountingExecutor();
  target: SlurmTarget;

  constructor(name = 'runs-', options: Partial<SlurmTargetOptions> = {}) {
    this.folder = mkdtempSync(path.join(os.tmpdir(), name));
    this.target = this.newTarget(options);
  }

  /** Another target, as a worker that starts again has it: it knows nothing but the files. */
  newTarget(options: Partial<SlurmTargetOptions> = {}): SlurmTarget {
    for (const timer of this.#timers) clearInterval(timer);
    const executor = new CountingExecutor();
    this.executor = executor;
    const target = new SlurmTarget({
      executorFor: () => executor,
      filesFor: () => sharedFiles,
      directoryOf: (runId) => this.#places.get(runId)?.directory,
      complain: (message) => this.complaints.push(message),
      interruptMs: 4_000,
      terminateMs: 4_000,
      submitGraceMs: 1_000,
      forgottenAfterMs: 2_000,
      ...options,
    });
    this.#targets.push(target);
    this.#timers.add(setInterval(() => this.tick(target), tickMs));
    this.target = target;
    return target;
  }

  tick(target: SlurmTarget): void {
    const started = [...this.#places.values()].filter((place) => existsSync(path.join(place.directory, 'slurm.json')));
    target.watch(started, true);
  }

  /** A run directory as the launcher leaves it. */
  run(
    command: readonly string[],
    settings: Partial<SlurmSettings> = {},
    more: {
      readonly name?: string;
      readonly entry?: Partial<EntryPoint>;
      readonly after?: readonly RunId[];
      readonly cwd?: string;
    } = {},
  ): JobPlace {
    const id = ulid() as RunId;
    const name = more.name ?? `run-${this.#places.size}`;
    const directory = path.join(this.folder, name);
    mkdirSync(directory);
    const target = { name: 'cluster', settings: { kind: 'slurm', ...settings } as const };
    const record: LaunchRecord = {
      format: 1,
      id,
      requestId: id,
      name,
      recipe: '',
      createdAt: Date.now() / 1000,
      command,
      cwd: more.cwd ?? this.folder,
      env: { FROM_RECORD: "a 'b' $c" },
      device: 'cpu',
      overrides: [],
      dirty: false,
      labels: [],
      commandLaunch: {
        request: {
          requestId: id,
          folder: this.folder,
          arguments: [],
          target: { name: 'cluster' },
          ...(more.after === undefined ? {} : { after: more.after.map((one) => one as string as JobId) }),
        },
        target,
        snapshot: [],
        ...(more.entry === undefined ? {} : { entry: { ...plainEntry(this.folder), ...more.entry } }),
      },
    };
    writeJsonSynced(path.join(directory, 'launch.json'), record);
    const place = { runId: id, directory };
    this.#places.set(id, place);
    return place;
  }

  /** Waits for one of the states, and gives it with its evidence. */
  async until(place: JobPlace, ...wanted: readonly (JobPresence['kind'] | RegExp)[]): Promise<JobPresence> {
    const deadline = Date.now() + 120_000;
    for (;;) {
      const presence = this.target.inspect(place);
      if (
        wanted.some((one) =>
          typeof one === 'string'
            ? presence.kind === one
            : one.test(presence.kind === 'unclaimed' ? '' : presence.detail),
        )
      )
        return presence;
      if (Date.now() > deadline || presence.kind === 'ended' || presence.kind === 'lost') {
        throw new Error(
          `waited for ${wanted.join(', ')}: ${JSON.stringify(presence)}\n${this.text(place, 'output.log')}\n${this.complaints.join('\n')}`,
        );
      }
      await delay(50);
    }
  }

  /** Waits until the job has written this to its log. */
  async said(place: JobPlace, words: string): Promise<void> {
    const deadline = Date.now() + 60_000;
    while (!this.text(place, 'output.log').includes(words)) {
      if (Date.now() > deadline)
        throw new Error(
          `never said ${words}: ${this.text(place, 'output.log')} ${JSON.stringify(this.target.inspect(place))}`,
        );
      await delay(50);
    }
  }

  text(place: JobPlace, name: string): string {
    const file = path.join(place.directory, name);
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  json<T>(place: JobPlace, name: string): T {
    return JSON.parse(this.text(place, name)) as T;
  }

  jobId(place: JobPlace): string {
    return this.json<{ jobId: string }>(place, 'slurm.json').jobId;
  }

  /** A note as a worker left it that saw the run become this job. */
  noteJob(place: JobPlace, jobId: string): void {
    const jobName = path.basename(place.directory);
    const note = { format: 1, runId: place.runId, comment: place.runId, jobName, askedAt: 1, forgotten: [], jobId };
    writeJsonSynced(path.join(place.directory, 'slurm.json'), note);
  }

  end(): void {
    for (const timer of this.#timers) clearInterval(timer);
    for (const target of this.#targets) target.dispose();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

/** Text of a program of SLURM. */
export function slurm(program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', timeout: 60_000 });
}

export const python = (script: string): readonly string[] => ['python3', '-u', '-c', script];

function plainEntry(folder: string): EntryPoint {
  return {
    id: 'script:train.py',
    kind: 'script',
    title: 'train.py',
    reason: 'a test',
    command: [],
    cwd: folder,
    env: {},
    takes: 'arguments',
    role: 'train',
  };
}
