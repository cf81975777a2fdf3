import type { MessageConnection } from 'vscode-jsonrpc';
import { Disposables } from '../base/disposables.ts';
import { AppError } from '../base/errors.ts';
import { noteSocket } from '../client/socketFile.ts';
import { GpuWatch } from '../launch/local/gpus.ts';
import { AskPass } from '../launch/ssh/askPass.ts';
import { SshHosts } from '../launch/ssh/sshHosts.ts';
import { serve } from '../protocol/rpc.ts';
import type { FolderSettings, WorkerEvents, WorkerMethods } from '../protocol/worker.ts';
import { Scheduler } from '../scheduler/scheduler.ts';
import { openDatabase } from '../store/database.ts';
import { JobTable } from '../store/jobTable.ts';
import { MarkTable } from '../store/markTable.ts';
import { MergeTable } from '../store/mergeTable.ts';
import { RequestTable } from '../store/requestTable.ts';
import { SweepTable } from '../store/sweepTable.ts';
import { Care } from './care/care.ts';
import { Client, Clients } from './clients.ts';
import { FolderEntryPoints } from './entries.ts';
import { FolderSignals } from './folderSignals.ts';
import { workerHandlers } from './handlers/index.ts';
import { IdleMemory } from './idleMemory.ts';
import { JobRuns } from './jobRuns.ts';
import { LastSteps } from './lastSteps.ts';
import { LateSnapshot } from './launching/lateSnapshot.ts';
import { Launcher } from './launching/launcher.ts';
import { RunLinker } from './launching/linking/runLinker.ts';
import { MemoryEstimates } from './launching/memoryEstimates.ts';
import { projectTargets } from './launching/projectTargets.ts';
import { workerSources } from './launching/workerSources.ts';
import { logLine } from './log.ts';
import { openFolder } from './openFolder.ts';
import { Pipelines } from './pipelines/pipelines.ts';
import { RunListing } from './runListing.ts';
import { Folders } from './runs/folders.ts';
import { RunGroups } from './runs/grouping/runGroups.ts';
import { ReaderPool } from './runs/readerPool.ts';
import { RunCatalog } from './runs/runCatalog.ts';
import { RunMonitor } from './runs/runMonitor.ts';
import { RunTails } from './runs/runTails.ts';
import { RunViews } from './runs/runViews.ts';
import { Secrets } from './secrets.ts';
import { SocketServer } from './server.ts';
import type { WorkerOptions, WorkerServices } from './services.ts';
import { diagnoseJob } from './sweeps/diagnoseJob.ts';
import type { Sweeps } from './sweeps/sweeps.ts';
import { SweepService } from './sweeps/wire.ts';
import { openTargets, type Targets } from './targets.ts';

/** So many points of a tag tell whether two logs are of one training. */
const comparedPoints = 5_000;
/** How old the figures of GPUs may be while a job waits for one. */
const gpuMaxAgeMs = 5_000;
/** While nothing waits for them, a look a minute shows the heat. */
const careMaxAgeMs = 50_000;

/** The worker: everything that it owns, wired together. */
export class Worker extends Disposables implements WorkerServices {
  readonly options: WorkerOptions;
  readonly startedAt = Date.now() / 1000;
  readonly clients: Clients;
  readonly catalog: RunCatalog;
  readonly views: RunViews;
  readonly lastSteps = new LastSteps();
  readonly monitor: RunMonitor;
  readonly folders: Folders;
  readonly grouping: RunGroups;
  readonly scheduler: Scheduler;
  readonly gpus: GpuWatch;
  readonly secrets: Secrets;
  readonly sshHosts: SshHosts;
  readonly targets: Targets;
  readonly entries = new FolderEntryPoints((folder) => this.folders.excludedIn(folder));
  readonly launcher: Launcher;
  readonly memoryEstimates: MemoryEstimates;
  readonly pipelines: Pipelines;
  readonly sweeps: Sweeps;
  readonly #sweepService: SweepService;
  readonly care: Care;
  readonly #server: SocketServer;
  readonly #listing = new RunListing(this, () => this.#linker.isAtWork);
  readonly #linker: RunLinker;
  readonly #jobRuns: JobRuns;
  #idleSince = Date.now();

  constructor(options: WorkerOptions) {
    super();
    this.options = options;
    const { paths, installation } = options;
    const opened = openDatabase(paths.database);
    if (!opened.ok) throw unusableDatabase(opened.reason, opened.message, paths.database);
    const database = this.add(opened.value);
    this.clients = this.add(new Clients());
    this.secrets = this.add(new Secrets(this.clients));
    const askPass = this.add(
      new AskPass({
        program: [installation.node, ...installation.nodeArguments, installation.askpass],
        env: installation.env,
        ask: (question, signal) => this.secrets.ask(question, signal),
      }),
    );
    this.sshHosts = this.add(new SshHosts(askPass.open));
    this.catalog = this.add(new RunCatalog(database));
    const jobs = new JobTable(database);
    this.targets = openTargets(this, {
      installation,
      sshHosts: this.sshHosts,
      directoryOf: (runId) => this.catalog.get(runId)?.found.path,
      patience: patience(options),
    });
    this.gpus = this.add(new GpuWatch());
    this.scheduler = this.add(
      new Scheduler({
        store: jobs,
        targets: Object.values(this.targets),
        complain: logLine,
        gpus: () => this.gpus.known(gpuMaxAgeMs),
        diagnose: (_, directory, presence) => diagnoseJob(directory, presence),
        isWatched: () => this.clients.count > 0,
        isRetryDue: (job) => this.#sweepService.isRetryDue(job),
      }),
    );
    this.gpus.onLooked(() => this.scheduler.tickSoon());
    this.views = new RunViews(this.catalog, new MarkTable(database), this.scheduler, this.clients);
    const sources = workerSources({
      catalog: this.catalog,
      entries: () => this.entries,
      targets: async (folder) => (await projectTargets(folder)).targets,
    });
    const late = this.add(new LateSnapshot({ sources, gpus: () => this.gpus.look(), complain: logLine }));
    this.launcher = new Launcher({
      requests: new RequestTable(database),
      scheduler: this.scheduler,
      installation,
      sources,
      onLaunched: (launched, record) => late.complete(launched, record),
    });
    this.memoryEstimates = new MemoryEstimates(installation);
    this.pipelines = this.add(
      new Pipelines({
        launcher: this.launcher,
        scheduler: this.scheduler,
        tell: (run) => this.clients.tell('pipelines.changed', { pipelineRun: run }, run.folder),
        complain: logLine,
      }),
    );
    const tails = new RunTails(this.clients, () => this.folders.roots);
    const memory = this.add(new IdleMemory());
    const pool = this.add(new ReaderPool(installation.readerThread));
    this.monitor = this.add(
      new RunMonitor({
        pool,
        catalog: this.catalog,
        hasClients: () => this.clients.count > 0,
        onChange: (run, change) => this.#listing.changed(run, change),
        onPolled: (run) => {
          memory.touch();
          void tails.check(run).catch(() => {});
        },
        complain: logLine,
      }),
    );
    this.grouping = this.add(
      new RunGroups({
        table: new MergeTable(database),
        catalog: this.catalog,
        pointsOf: async (run, tag) => {
          await this.monitor.ensurePoints(run);
          return this.catalog.cache.get(run, tag).points(0, comparedPoints);
        },
        hides: (found) => this.#listing.hides(found),
        onRegrouped: (root, runs) => this.#listing.take(root, runs, Number.POSITIVE_INFINITY),
        look: (found) => this.monitor.lookNow(found),
        complain: logLine,
      }),
    );
    this.folders = this.add(
      new Folders({ pool, complain: logLine, onWalked: (root, runs, at) => this.#listing.walked(root, runs, at) }),
    );
    this.add(new FolderSignals(this.clients, () => this.folders.roots));
    this.#jobRuns = new JobRuns(this, jobs, this.targets.local);
    this.#listing.start();
    this.#linker = this.add(
      new RunLinker({
        scheduler: this.scheduler,
        catalog: this.catalog,
        pool,
        hides: (found) => this.#listing.isLinked(found),
        excludedIn: (folder) => this.folders.excludedIn(folder) ?? [],
        onLinked: (found) => this.monitor.poke(found),
        complain: logLine,
      }),
    );
    this.#sweepService = this.add(new SweepService(this, jobs, new SweepTable(database)));
    this.sweeps = this.#sweepService.sweeps;
    this.care = this.add(
      new Care({
        places: () => [paths.home, ...this.folders.roots],
        isNeeded: () => this.clients.count > 0 || this.scheduler.isBusy,
        gpus: () => this.gpus.known(careMaxAgeMs),
        tell: (warning) => this.clients.tell('care.warning', warning),
      }),
    );
    this.scheduler.onEnded(({ job }) => this.care.noteEnd(job));
    this.#server = this.add(new SocketServer(paths.socket, (connection) => this.#serve(connection)));
  }

  /** Opens the door. Everything before has been done by then, so the first call sees a complete worker. */
  async start(): Promise<void> {
    this.launcher.recover();
    this.scheduler.start();
    await this.#jobRuns.adopt();
    this.#linker.start();
    this.#sweepService.start();
    this.care.start();
    await this.#server.listen();
    noteSocket(this.options.paths);
    const timer = setInterval(() => this.#endWhenIdle(), Math.min(5_000, Math.max(50, this.options.idleMs / 4)));
    this.onDispose(() => clearInterval(timer));
  }

  openFolder(client: Client, folder: string, trusted: boolean, settings: FolderSettings): Promise<void> {
    return openFolder(this, client, folder, trusted, settings);
  }

  closeFolder(client: Client, folder: string): void {
    if (client.folders.delete(folder)) this.folders.close(folder);
  }

  end(): void {
    this.options.onEnd();
  }

  #serve(connection: MessageConnection): void {
    const clientOf: { current?: Client } = {};
    const notifier = serve<WorkerMethods, WorkerEvents>(
      connection,
      workerHandlers(this, () => clientOf.current!),
    );
    const client = new Client(notifier);
    clientOf.current = client;
    this.clients.join(client);
    connection.onClose(() => {
      this.clients.leave(client);
      for (const folder of [...client.folders.keys()]) this.closeFolder(client, folder);
      this.#idleSince = Date.now();
    });
    connection.listen();
  }

  #endWhenIdle(): void {
    if (this.clients.count > 0 || this.scheduler.isBusy) this.#idleSince = Date.now();
    else if (Date.now() - this.#idleSince >= this.options.idleMs) {
      logLine('Nothing runs or waits and nobody is connected: ending.');
      this.end();
    }
  }
}

function patience({ interruptMs, terminateMs }: WorkerOptions): { interruptMs?: number; terminateMs?: number } {
  return {
    ...(interruptMs === undefined ? {} : { interruptMs }),
    ...(terminateMs === undefined ? {} : { terminateMs }),
  };
}

function unusableDatabase(reason: 'too-new' | 'damaged', message: string, file: string): AppError {
  const hint =
    reason === 'too-new'
      ? 'Update Trainyard, or set TRAINYARD_HOME to another folder.'
      : `Move ${file} away and start again: runs are read anew; the queue, labels and notes of that file are lost to the new one.`;
  return new AppError('worker-unavailable', message, { hint });
}
