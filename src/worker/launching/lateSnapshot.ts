import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Disposables } from '../../base/disposables.ts';
import { toErrorInfo } from '../../base/errors.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { CommandLaunchFacts, LaunchRecord } from '../../domain/launch.ts';
import { runFiles } from '../../domain/runDirectory.ts';
import { readJson, writeFileSynced, writeJsonSynced } from '../../launch/files.ts';
import type { Gpu } from '../../launch/local/gpu.ts';
import { LocalExecutor } from '../../launch/remote/localExecutor.ts';
import { describeData } from '../../launch/snapshot/data.ts';
import { describeHardware } from '../../launch/snapshot/hardware.ts';
import { freezePackages, pythonOf } from '../../launch/snapshot/packages.ts';
import { snapshotFiles } from '../../launch/snapshot/snapshotFiles.ts';
import { configOfArguments } from './commands/argumentsOf.ts';
import { composedYaml } from './commands/prepareCommand.ts';
import type { LaunchedRun } from './prepared.ts';
import type { LaunchSources } from './sources.ts';

/** Runs of a sweep are launched within moments of each other, from one environment. */
const freezeHoldsMs = 60_000;

/** The job itself starts first: listing packages takes a processor for a second. */
const startFirstMs = 1_000;

export interface LateSnapshotOptions {
  readonly sources: LaunchSources;
  readonly gpus: () => Promise<readonly Gpu[]>;
  readonly complain: (message: string) => void;
}

interface Late {
  readonly directory: string;
  readonly record: LaunchRecord;
  readonly facts: CommandLaunchFacts;
}

/** Adds to the record of a launch what takes time: packages, hardware, data, a configuration that was not ready. One launch after the other. */
export class LateSnapshot extends Disposables {
  readonly #options: LateSnapshotOptions;
  readonly #executor = new LocalExecutor();
  readonly #abort = new AbortController();
  readonly #freezes = new Map<string, { readonly text: Promise<string | undefined>; readonly at: number }>();
  #chain: Promise<void> = Promise.resolve();

  constructor(options: LateSnapshotOptions) {
    super();
    this.#options = options;
    this.onDispose(() => this.#abort.abort());
  }

  /** Returns at once. What cannot be had is left out, and nobody waits for it. */
  complete({ directory }: LaunchedRun, record: LaunchRecord): void {
    const facts = record.commandLaunch;
    if (facts === undefined) return;
    const begin = delay(startFirstMs, undefined, { signal: this.#abort.signal, ref: false }).catch(() => {});
    this.#chain = this.#chain
      .then(() => begin)
      .then(() => (this.isDisposed ? undefined : this.#write({ directory, record, facts })))
      .catch((error: unknown) => {
        if (!this.isDisposed)
          this.#options.complain(`The record of ${record.name} is not complete: ${toErrorInfo(error).message}`);
      });
  }

  /** Resolves when everything that was added is written. For tests and for an orderly end. */
  settled(): Promise<void> {
    return this.#chain;
  }

  async #write(late: Late): Promise<void> {
    const config = await this.#writeConfig(late);
    // A run that was deleted meanwhile must not come back as an empty folder.
    if (!existsSync(late.directory) || this.isDisposed) return;
    await mkdir(path.join(late.directory, snapshotFiles.folder), { mode: 0o700 }).catch(unlessThere);
    const written = [
      ...(await this.#writeHardware(late)),
      ...(await this.#writePackages(late)),
      ...(await this.#writeData(late, config)),
    ];
    const record = readJson<LaunchRecord>(path.join(late.directory, runFiles.launch));
    if (record?.commandLaunch === undefined || written.length === 0 || this.isDisposed) return;
    const commandLaunch = { ...record.commandLaunch, snapshot: [...record.commandLaunch.snapshot, ...written] };
    writeJsonSynced(path.join(late.directory, runFiles.launch), { ...record, commandLaunch });
  }

  async #writeConfig({ directory, record, facts }: Late): Promise<JsonObject> {
    const { entry, request } = facts;
    if (entry?.takes !== 'hydra') return configOfArguments(record.overrides);
    const composed = await this.#options.sources
      .compose(request.folder, entry, record.overrides, this.#abort.signal)
      .catch(() => undefined);
    const file = path.join(directory, runFiles.config);
    if (composed !== undefined && !existsSync(file) && !this.isDisposed) writeFileSynced(file, composedYaml(composed));
    return composed?.config ?? configOfArguments(record.overrides);
  }

  async #writeHardware({ directory }: Late): Promise<readonly string[]> {
    const hardware = await describeHardware(await this.#options.gpus());
    writeJsonSynced(path.join(directory, snapshotFiles.hardware), hardware);
    return [snapshotFiles.hardware];
  }

  /** Elsewhere another Python runs than the one that is here. */
  async #writePackages({ directory, record, facts }: Late): Promise<readonly string[]> {
    const { settings } = facts.target;
    const isHere =
      settings.kind === 'local' || settings.kind === 'command' || (settings.kind === 'slurm' && !settings.ssh);
    const python = isHere ? pythonOf(record.command, facts.entry?.python) : undefined;
    const text = python === undefined ? undefined : await this.#freeze(python, record.cwd);
    if (text === undefined || this.isDisposed) return [];
    writeFileSynced(path.join(directory, snapshotFiles.packages), text);
    return [snapshotFiles.packages];
  }

  #freeze(python: readonly string[], cwd: string): Promise<string | undefined> {
    const key = JSON.stringify([python, cwd]);
    const known = this.#freezes.get(key);
    if (known !== undefined && Date.now() - known.at < freezeHoldsMs) return known.text;
    const text = freezePackages(this.#executor, python, cwd, this.#abort.signal);
    this.#freezes.set(key, { text, at: Date.now() });
    return text;
  }

  async #writeData({ directory, record }: Late, config: JsonObject): Promise<readonly string[]> {
    const data = await describeData(config, record.cwd, [directory, path.dirname(directory)], this.#abort.signal);
    if (data.length === 0 || this.isDisposed) return [];
    writeJsonSynced(path.join(directory, snapshotFiles.data), data);
    return [snapshotFiles.data];
  }
}

function unlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
