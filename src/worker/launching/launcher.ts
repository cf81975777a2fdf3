import path from 'node:path';
import { AppError } from '../../base/errors.ts';
import { ulid } from '../../base/ulid.ts';
import type { CommandLaunchRequest, CommandPreview } from '../../domain/commandLaunch.ts';
import type { EntryPoint } from '../../domain/entryPoint.ts';
import type { RunId } from '../../domain/ids.ts';
import type { LaunchPreview, LaunchRecord, LaunchRequest } from '../../domain/launch.ts';
import { runFiles } from '../../domain/runDirectory.ts';
import { readJson } from '../../launch/files.ts';
import { readCodeState, readFullCodeState } from '../../launch/git.ts';
import type { Scheduler } from '../../scheduler/scheduler.ts';
import type { RequestRow, RequestTable } from '../../store/requestTable.ts';
import type { Installation } from '../installation.ts';
import { describeCommand, prepareCommandRequest } from './commands/prepareCommand.ts';
import { resolveCommand } from './commands/resolveCommand.ts';
import { jobOfLaunch } from './jobOfLaunch.ts';
import type { LaunchedRun, Prepared } from './prepared.ts';
import { prepareRecipe } from './prepareRecipe.ts';
import { freeName, type ResolvedLaunch, resolveLaunch } from './resolveLaunch.ts';
import { makeRunDirectory, removeStaging } from './runDirectory.ts';
import { type LaunchSources, noSources } from './sources.ts';

export type { LaunchedRun } from './prepared.ts';

export interface LauncherOptions {
  readonly requests: RequestTable;
  readonly scheduler: Scheduler;
  readonly installation: Installation;
  /** Absent: there are only recipes and plain commands. */
  readonly sources?: LaunchSources;
  /** Told of every launch of a command once it is in the queue, to add to its record what takes time. */
  readonly onLaunched?: (launched: LaunchedRun, record: LaunchRecord) => void;
}

/** What only the worker itself says of a launch. */
export interface LaunchExtra {
  readonly resumedFrom?: RunId | undefined;
  /** The entry point as it is meant, where it is not what would be found now. */
  readonly entry?: EntryPoint;
  /** Where the code lies, if not in the folder. */
  readonly codeFolder?: string;
}

/** A launch of any command under a name, for targets and tests that need no recipe. */
export interface CommandLaunch {
  readonly requestId: string;
  readonly folder: string;
  readonly name: string;
  readonly command: readonly string[];
  readonly cwd: string;
  readonly slot: string;
  readonly env?: { readonly [name: string]: string };
  readonly hold?: boolean;
}

/**
 * Turns requests into runs in the queue. Each step is on disk before the next: the request, the run directory, the job. Whoever asks again with the
 * same id, also after the worker was killed in between, gets the same run.
 */
export class Launcher {
  readonly #options: LauncherOptions;
  readonly #sources: LaunchSources;
  readonly #underWay = new Map<string, Promise<LaunchedRun>>();

  constructor(options: LauncherOptions) {
    this.#options = options;
    this.#sources = options.sources ?? noSources;
  }

  /** Says exactly what would run. */
  async preview(request: LaunchRequest): Promise<LaunchPreview> {
    const [resolved, code] = await Promise.all([resolveLaunch(request), readCodeState(request.folder)]);
    const runDirectory = path.join(resolved.runsFolder, resolved.name);
    return {
      name: resolved.name,
      runDirectory,
      command: this.#trainCommand(runDirectory),
      cwd: request.folder,
      config: resolved.config,
      configYaml: resolved.configYaml,
      dirty: code.dirty,
      problems: resolved.problems,
      ...(code.commit === undefined ? {} : { commit: code.commit }),
    };
  }

  /** Launches a recipe. Throws `bad-config` with every problem, or `conflict` where the name is taken. */
  launch(request: LaunchRequest, resumedFrom?: RunId): Promise<LaunchedRun> {
    return this.#once(request.requestId, async () => {
      const [resolved, code] = await Promise.all([resolveLaunch(request), readCodeState(request.folder)]);
      refuseProblems(resolved);
      const train = (directory: string) => this.#trainCommand(directory);
      return this.#carryOut(request.requestId, prepareRecipe(request, resolved, code, train, resumedFrom));
    });
  }

  /** Launches a plain command. */
  launchCommand(launch: CommandLaunch): Promise<LaunchedRun> {
    return this.#once(launch.requestId, async () => this.#carryOut(launch.requestId, prepareCommand(launch)));
  }

  /** Says exactly what a command of the repository would run. Waits for its configuration. */
  async previewRequest(request: CommandLaunchRequest, signal?: AbortSignal): Promise<CommandPreview> {
    const waits = { patienceMs: Number.POSITIVE_INFINITY, ...(signal === undefined ? {} : { signal }) };
    const [resolved, code] = await Promise.all([
      resolveCommand(request, this.#sources, waits),
      readCodeState(request.folder),
    ]);
    return describeCommand(resolved, code, this.#sources);
  }

  /**
   * Launches a command of the repository. Throws `bad-config` with every problem, or `conflict` where the name is taken. A configuration that takes
   * long to compose is not waited for: the program composes it itself, and the run's copy comes later.
   */
  launchRequest(request: CommandLaunchRequest, extra: LaunchExtra = {}): Promise<LaunchedRun> {
    return this.#once(request.requestId, async () => {
      const { entry } = extra;
      const sources = entry === undefined ? this.#sources : { ...this.#sources, findEntry: async () => entry };
      const codeFolder = extra.codeFolder ?? request.folder;
      const code = readFullCodeState(codeFolder);
      const resolved = await resolveCommand(request, sources, { patienceMs: composePatienceMs });
      refuseProblems(resolved);
      const prepared = await prepareCommandRequest(resolved, extra.resumedFrom ?? request.parent, code, codeFolder);
      return this.#carryOut(request.requestId, prepared);
    });
  }

  /** The run of a request that was launched already. */
  known(requestId: string): LaunchedRun | undefined {
    const row = this.#options.requests.find(requestId);
    return row?.queued === true ? row : undefined;
  }

  /** Finishes launches that were cut off by the death of a worker: those with a run directory get their job, the others are forgotten. */
  recover(): void {
    for (const row of this.#options.requests.unfinished()) {
      const record = readJson<LaunchRecord>(path.join(row.directory, runFiles.launch));
      if (record?.requestId === row.id) this.#enqueue(row, record);
      else this.#options.requests.remove(row.id);
      removeStaging(row.directory, row.runId);
    }
  }

  #once(requestId: string, work: () => Promise<LaunchedRun>): Promise<LaunchedRun> {
    const known = this.#options.requests.find(requestId);
    if (known?.queued === true) return Promise.resolve(known);
    const underWay = this.#underWay.get(requestId);
    if (underWay !== undefined) return underWay;
    const launch = work().finally(() => this.#underWay.delete(requestId));
    this.#underWay.set(requestId, launch);
    return launch;
  }

  #carryOut(requestId: string, prepared: Prepared): LaunchedRun {
    const id = ulid() as RunId;
    const { runsFolder, root, slot, held } = prepared;
    for (let name = prepared.name; ; name = freeName(runsFolder, name)) {
      const directory = path.join(runsFolder, name);
      const row: RequestRow = { id: requestId, runId: id, root, directory, slot, held, queued: false };
      this.#options.requests.save(row);
      const record = prepared.record(id, name, directory);
      const content = {
        record,
        ...(prepared.configYaml === undefined ? {} : { configYaml: prepared.configYaml(name) }),
        ...(prepared.patch === undefined ? {} : { patch: prepared.patch }),
        ...(prepared.files === undefined ? {} : { files: prepared.files }),
      };
      if (this.#make(row, content)) {
        this.#enqueue(row, record);
        const launched = { runId: id, root, directory };
        if (record.commandLaunch !== undefined) this.#options.onLaunched?.(launched, record);
        return launched;
      }
      if (!prepared.isNameFree) throw nameTaken(directory, freeName(runsFolder, name));
    }
  }

  #make(row: RequestRow, content: Parameters<typeof makeRunDirectory>[1]): boolean {
    let isMade = false;
    try {
      isMade = makeRunDirectory(row.directory, content);
      return isMade;
    } finally {
      if (!isMade) this.#options.requests.remove(row.id);
    }
  }

  #enqueue(row: RequestRow, record: LaunchRecord): void {
    this.#options.scheduler.submit(jobOfLaunch(row, record), row.directory);
    this.#options.requests.save({ ...row, queued: true });
  }

  #trainCommand(directory: string): readonly string[] {
    const { node, nodeArguments, trainyard } = this.#options.installation;
    return [node, ...nodeArguments, trainyard, 'train', path.join(directory, runFiles.config)];
  }
}

/** How long a launch waits for its configuration: a preview that came before has left it in a cache. */
const composePatienceMs = 40;

function prepareCommand(launch: CommandLaunch): Prepared {
  const problemName = path.basename(launch.name) === launch.name ? undefined : launch.name;
  if (problemName !== undefined) throw new AppError('bad-argument', `"${problemName}" is no run name.`);
  return {
    root: launch.folder,
    runsFolder: path.join(launch.folder, 'runs'),
    name: launch.name,
    isNameFree: false,
    slot: launch.slot,
    held: launch.hold === true,
    record: (id, name) => ({
      format: 1,
      id,
      requestId: launch.requestId,
      name,
      recipe: '',
      createdAt: Date.now() / 1000,
      command: launch.command,
      cwd: launch.cwd,
      env: launch.env ?? {},
      device: 'cpu',
      overrides: [],
      dirty: false,
      labels: [],
    }),
  };
}

function refuseProblems({ problems }: Pick<ResolvedLaunch, 'problems'>): void {
  if (problems.length === 0) return;
  const isTaken = problems.length === 1 && problems[0]!.includes(' exists already. ');
  throw new AppError(
    isTaken ? 'conflict' : 'bad-config',
    problems.join(' '),
    isTaken ? {} : { hint: 'Correct it and launch again.' },
  );
}

function nameTaken(directory: string, free: string): AppError {
  return new AppError('conflict', `${directory} exists already.`, {
    hint: `Choose another name, for instance ${free}.`,
  });
}
