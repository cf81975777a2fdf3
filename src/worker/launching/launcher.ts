import path from 'node:path';
import { AppError } from '../../base/errors.ts';
import { ulid } from '../../base/ulid.ts';
import type { JobId, RunId } from '../../domain/ids.ts';
import type { LaunchPreview, LaunchRecord, LaunchRequest } from '../../domain/launch.ts';
import { runFiles } from '../../domain/runDirectory.ts';
import { readJson } from '../../launch/files.ts';
import { type CodeState, readCodeState } from '../../launch/git.ts';
import type { Scheduler } from '../../scheduler/scheduler.ts';
import type { RequestRow, RequestTable } from '../../store/requestTable.ts';
import type { Installation } from '../installation.ts';
import { freeName, type ResolvedLaunch, resolveLaunch, slotOf } from './resolveLaunch.ts';
import { makeRunDirectory, removeStaging } from './runDirectory.ts';

export interface LauncherOptions {
  readonly requests: RequestTable;
  readonly scheduler: Scheduler;
  readonly installation: Installation;
}

/** A run that is in the queue. */
export interface LaunchedRun {
  readonly runId: RunId;
  readonly root: string;
  readonly directory: string;
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

interface Prepared {
  readonly root: string;
  readonly runsFolder: string;
  readonly name: string;
  readonly isNameFree: boolean;
  readonly slot: string;
  readonly held: boolean;
  record(id: RunId, name: string, directory: string): LaunchRecord;
  readonly configYaml?: (name: string) => string;
  readonly patch?: string;
}

/**
 * Turns requests into runs in the queue. Each step is on disk before the next: the request, the run directory, the job. Whoever asks again with the
 * same id, also after the worker was killed in between, gets the same run.
 */
export class Launcher {
  readonly #options: LauncherOptions;
  readonly #underWay = new Map<string, Promise<LaunchedRun>>();

  constructor(options: LauncherOptions) {
    this.#options = options;
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
      return this.#carryOut(request.requestId, this.#prepareRecipe(request, resolved, code, resumedFrom));
    });
  }

  /** Launches a plain command. */
  launchCommand(launch: CommandLaunch): Promise<LaunchedRun> {
    return this.#once(launch.requestId, async () => this.#carryOut(launch.requestId, prepareCommand(launch)));
  }

  /** Finishes launches that were cut off by the death of a worker: those with a run directory get their job, the others are forgotten. */
  recover(): void {
    for (const row of this.#options.requests.unfinished()) {
      const record = readJson<LaunchRecord>(path.join(row.directory, runFiles.launch));
      if (record?.requestId === row.id) this.#enqueue(row, record.name);
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

  #prepareRecipe(
    request: LaunchRequest,
    resolved: ResolvedLaunch,
    code: CodeState,
    resumedFrom: RunId | undefined,
  ): Prepared {
    const optional = {
      configFile: request.configFile,
      resumeFrom: request.resumeFrom,
      resumedFrom,
      commit: code.commit,
      branch: code.branch,
      patchFile: code.patch === undefined ? undefined : runFiles.patch,
    };
    return {
      root: request.folder,
      runsFolder: resolved.runsFolder,
      name: resolved.name,
      isNameFree: resolved.isNameFree,
      slot: slotOf(resolved.device),
      held: request.hold === true,
      record: (id, name, directory) => ({
        format: 1,
        id,
        requestId: request.requestId,
        name,
        recipe: resolved.recipe.id,
        createdAt: Date.now() / 1000,
        command: this.#trainCommand(directory),
        cwd: request.folder,
        env: {},
        device: resolved.device,
        overrides: request.overrides,
        dirty: code.dirty,
        labels: request.labels ?? [],
        ...(Object.fromEntries(
          Object.entries(optional).filter(([, value]) => value !== undefined),
        ) as Partial<LaunchRecord>),
      }),
      configYaml: (name) => renamed(resolved, name),
      ...(code.patch === undefined ? {} : { patch: code.patch }),
    };
  }

  #carryOut(requestId: string, prepared: Prepared): LaunchedRun {
    const id = ulid() as RunId;
    const { runsFolder, root, slot, held } = prepared;
    for (let name = prepared.name; ; name = freeName(runsFolder, name)) {
      const directory = path.join(runsFolder, name);
      const row: RequestRow = { id: requestId, runId: id, root, directory, slot, held, queued: false };
      this.#options.requests.save(row);
      const content = {
        record: prepared.record(id, name, directory),
        ...(prepared.configYaml === undefined ? {} : { configYaml: prepared.configYaml(name) }),
        ...(prepared.patch === undefined ? {} : { patch: prepared.patch }),
      };
      if (this.#make(row, content)) {
        this.#enqueue(row, name);
        return { runId: id, root, directory };
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

  #enqueue(row: RequestRow, runName: string): void {
    this.#options.scheduler.submit(
      {
        id: row.runId as string as JobId,
        runId: row.runId,
        runName,
        state: row.held ? 'held' : 'waiting',
        target: 'local',
        slot: row.slot,
        submittedAt: Date.now() / 1000,
      },
      row.directory,
    );
    this.#options.requests.save({ ...row, queued: true });
  }

  #trainCommand(directory: string): readonly string[] {
    const { node, nodeArguments, trainyard } = this.#options.installation;
    return [node, ...nodeArguments, trainyard, 'train', path.join(directory, runFiles.config)];
  }
}

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

/** The configuration names its run, so another name needs another text. */
function renamed({ configYaml, name: first }: ResolvedLaunch, name: string): string {
  return name === first ? configYaml : configYaml.replace(/^name: .*$/m, `name: ${name}`);
}

function refuseProblems({ problems }: ResolvedLaunch): void {
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
