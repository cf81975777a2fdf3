import type { RunId } from '../domain/ids.ts';
import type { GpuWatch } from '../launch/local/gpus.ts';
import type { SshHosts } from '../launch/ssh/sshHosts.ts';
import type { WorkerPaths } from '../protocol/paths.ts';
import type { FolderSettings } from '../protocol/worker.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import type { Care } from './care/care.ts';
import type { Client, Clients } from './clients.ts';
import type { FolderEntryPoints } from './entries.ts';
import type { Installation } from './installation.ts';
import type { LastSteps } from './lastSteps.ts';
import type { Launcher } from './launching/launcher.ts';
import type { MemoryEstimates } from './launching/memoryEstimates.ts';
import type { Pipelines } from './pipelines/pipelines.ts';
import type { Folders } from './runs/folders.ts';
import type { RunCatalog } from './runs/runCatalog.ts';
import type { RunMonitor } from './runs/runMonitor.ts';
import type { RunViews } from './runs/runViews.ts';
import type { Secrets } from './secrets.ts';
import type { Sweeps } from './sweeps/sweeps.ts';
import type { Targets } from './targets.ts';

export interface WorkerOptions {
  readonly paths: WorkerPaths;
  readonly installation: Installation;
  /** Ends by itself after so long with nothing running, nothing waiting and nobody connected. */
  readonly idleMs: number;
  /** Called once when the worker wants to end, by itself or because a client asked. */
  readonly onEnd: () => void;
  /** How long a stopped job may take after SIGINT, and then after SIGTERM. */
  readonly interruptMs?: number;
  readonly terminateMs?: number;
}

/** What people say of which places are one run; kept over restarts. Both resolve when the lists are right. */
export interface RunGrouping {
  /** Takes one part (its `placeKey`) out of a run, or all. Gives the run and those that came out of it. Rejects with `conflict` where the run has one place only. */
  split(runId: RunId, part: string | undefined): Promise<readonly RunId[]>;
  /** Makes the others parts of the first run. Gives the run that they are now. */
  merge(runIds: readonly RunId[]): Promise<RunId>;
}

/** What the methods of the protocol work with. */
export interface WorkerServices {
  readonly options: WorkerOptions;
  /** Seconds since 1970. */
  readonly startedAt: number;
  readonly clients: Clients;
  readonly catalog: RunCatalog;
  readonly views: RunViews;
  readonly lastSteps: LastSteps;
  readonly monitor: RunMonitor;
  readonly folders: Folders;
  readonly grouping?: RunGrouping;
  readonly scheduler: Scheduler;
  readonly gpus: GpuWatch;
  /** Connections to hosts behind ssh, one each for all targets. */
  readonly sshHosts: SshHosts;
  readonly targets: Targets;
  readonly secrets: Secrets;
  readonly entries: FolderEntryPoints;
  readonly launcher: Launcher;
  readonly memoryEstimates: MemoryEstimates;
  readonly pipelines: Pipelines;
  readonly sweeps: Sweeps;
  readonly care: Care;
  openFolder(client: Client, folder: string, trusted: boolean, settings: FolderSettings): Promise<void>;
  closeFolder(client: Client, folder: string): void;
  end(): void;
}
