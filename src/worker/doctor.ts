import { execFile } from 'node:child_process';
import { access, constants, statfs } from 'node:fs/promises';
import path from 'node:path';
import { programVersion } from '../base/version.ts';
import { type DeviceName, type DeviceProbe, describeProof } from '../domain/device.ts';
import type { DoctorCheck, DoctorReport, SourcesOfRoot } from '../domain/doctor.ts';
import { gitVersion } from '../launch/git.ts';
import { queryGpus } from '../launch/local/gpus.ts';
import type { WorkerPaths } from '../protocol/paths.ts';
import { workerProtocolVersion } from '../protocol/worker.ts';
import { newestMigration } from '../store/migrations.ts';
import { heatPoint, memoryPoint } from './care/figures.ts';
import type { Watchpoint } from './care/watchpoints.ts';
import type { Installation } from './installation.ts';
import { sourceChecks } from './sources.ts';

const lowDiskBytes = 2_000_000_000;
const probeTimeoutMs = 240_000;

/** Devices of one system only: elsewhere their absence is no finding. */
const platformOf: { readonly [D in DeviceName]?: NodeJS.Platform } = { dml: 'win32', coreml: 'darwin' };

export interface DoctorFacts {
  readonly paths: WorkerPaths;
  readonly installation: Installation;
  readonly startedAt: number;
  readonly knownRuns: number;
  readonly folder: string | undefined;
  readonly trusted: boolean;
  /** What was found where; absent where no folder is open. */
  readonly sources?: () => Promise<readonly SourcesOfRoot[]>;
}

/** Looks at everything that a launch needs. Every finding is a sentence with the next move; nothing throws. */
export async function examine(facts: DoctorFacts, signal: AbortSignal): Promise<DoctorReport> {
  const found = facts.sources?.().catch(() => []);
  const groups = await Promise.all([
    workerChecks(facts),
    diskChecks(facts),
    machineChecks(),
    toolChecks(),
    folderChecks(facts),
    found?.then(sourceChecks) ?? [],
    deviceChecks(facts.installation, signal),
  ]);
  const sources = await found;
  return { checks: groups.flat(), ...(sources === undefined ? {} : { sources }) };
}

async function workerChecks({ paths, startedAt, knownRuns }: DoctorFacts): Promise<DoctorCheck[]> {
  const memory = Math.round(process.memoryUsage().rss / 1e6);
  const since = new Date(startedAt * 1000).toISOString().replace('T', ' ').slice(0, 19);
  return [
    {
      group: 'worker',
      title: 'Worker',
      state: 'ok',
      detail: `Trainyard ${programVersion}, protocol ${workerProtocolVersion}, process ${process.pid} on Node ${process.versions.node}, since ${since} UTC, ${memory} MB.`,
    },
    {
      group: 'worker',
      title: 'Database',
      state: 'ok',
      detail: `${paths.database}, schema ${newestMigration}, SQLite ${process.versions['sqlite'] ?? 'unknown'}, ${knownRuns} runs.`,
    },
  ];
}

async function diskChecks({ paths, folder }: DoctorFacts): Promise<DoctorCheck[]> {
  const places = [
    { title: 'Disk of the worker', place: paths.home },
    ...(folder === undefined ? [] : [{ title: 'Disk of the workspace', place: folder }]),
  ];
  return Promise.all(places.map(({ title, place }) => diskCheck(title, place)));
}

async function diskCheck(title: string, place: string): Promise<DoctorCheck> {
  try {
    const { bavail, bsize } = await statfs(place);
    const free = bavail * bsize;
    const detail = `${(free / 1e9).toFixed(1)} GB free at ${place}.`;
    if (free >= lowDiskBytes) return { group: 'disk', title, state: 'ok', detail };
    return { group: 'disk', title, state: 'warning', detail, hint: 'Delete old checkpoints before a long run.' };
  } catch (error) {
    return {
      group: 'disk',
      title,
      state: 'problem',
      detail: `${place} cannot be looked at: ${(error as Error).message}`,
    };
  }
}

/** Memory and GPUs, held against the limits at which the worker warns while runs are at work. */
async function machineChecks(): Promise<DoctorCheck[]> {
  const [memory, gpus] = await Promise.all([memoryPoint(), queryGpus()]);
  return [
    watchCheck('worker', 'Memory', memory),
    ...gpus.map((gpu) => {
      const heat = heatPoint(gpu);
      const used =
        gpu.usedMiB === undefined || gpu.totalMiB === undefined
          ? ''
          : `, ${(gpu.usedMiB / 1024).toFixed(1)} of ${(gpu.totalMiB / 1024).toFixed(1)} GiB used`;
      const detail = `${gpu.name}${used}${gpu.temperature === undefined ? '' : `, ${gpu.temperature} °C`}.`;
      const point = { isBad: heat?.isBad ?? false, message: detail, hint: heat?.hint ?? '' };
      return watchCheck('devices', `GPU ${gpu.id}`, point);
    }),
  ];
}

function watchCheck(
  group: DoctorCheck['group'],
  title: string,
  { isBad, message, hint }: Pick<Watchpoint, 'isBad' | 'message' | 'hint'>,
): DoctorCheck {
  if (!isBad) return { group, title, state: 'ok', detail: message };
  return { group, title, state: 'warning', detail: message, hint };
}

async function toolChecks(): Promise<DoctorCheck[]> {
  const version = await gitVersion();
  if (version !== undefined) return [{ group: 'tools', title: 'git', state: 'ok', detail: `git ${version}.` }];
  const hint = 'Install git, so that runs remember the commit that they were launched from.';
  return [{ group: 'tools', title: 'git', state: 'warning', detail: 'git cannot be run.', hint }];
}

async function folderChecks({ folder, trusted }: DoctorFacts): Promise<DoctorCheck[]> {
  if (folder === undefined) return [];
  const runs = path.join(folder, 'runs');
  const place = await access(runs).then(
    () => runs,
    () => folder,
  );
  const isWritable = await access(place, constants.W_OK).then(
    () => true,
    () => false,
  );
  return [
    isWritable
      ? { group: 'workspace', title: 'Runs folder', state: 'ok', detail: `${place} can be written to.` }
      : {
          group: 'workspace',
          title: 'Runs folder',
          state: 'problem',
          detail: `${place} cannot be written to.`,
          hint: 'Choose another folder in the setting trainyard.runsFolder.',
        },
    trusted
      ? {
          group: 'workspace',
          title: 'Trust',
          state: 'ok',
          detail: 'The workspace is trusted, so runs can be launched.',
        }
      : {
          group: 'workspace',
          title: 'Trust',
          state: 'warning',
          detail: 'The workspace is not trusted: runs can be read, not launched.',
          hint: 'Run "Workspaces: Manage Workspace Trust".',
        },
  ];
}

/** The devices as the trainer sees them. It runs in a process of its own, since the worker never loads ONNX Runtime. */
async function deviceChecks(
  { node, nodeArguments, trainyard, env }: Installation,
  signal: AbortSignal,
): Promise<DoctorCheck[]> {
  try {
    const probes = await probeDevices(
      node,
      [...nodeArguments, trainyard, 'probe-device', 'all', '--json'],
      env,
      signal,
    );
    return probes
      .filter(({ device }) => platformOf[device] === undefined || platformOf[device] === process.platform)
      .map(deviceCheck);
  } catch (error) {
    return [
      {
        group: 'devices',
        title: 'Devices',
        state: 'problem',
        detail: `The devices cannot be probed: ${(error as Error).message}`,
        hint: 'Install the extension again; its ONNX Runtime may be missing.',
      },
    ];
  }
}

function deviceCheck({ device, usable, detail, reason, proof }: DeviceProbe): DoctorCheck {
  if (usable) {
    const name = detail === '' ? 'Usable.' : `${detail}.`;
    const said = proof === undefined ? name : `${name} ${describeProof(device, proof)}`;
    const isWhole = proof === undefined || proof.placement.onCpu.length === 0;
    if (isWhole) return { group: 'devices', title: device, state: 'ok', detail: said };
    const hint =
      'Such steps wait for copies. Please report the operations: another form of them may have a kernel there.';
    return { group: 'devices', title: device, state: 'warning', detail: said, hint };
  }
  // Only the CPU must be there; every other device is a gain.
  return { group: 'devices', title: device, state: device === 'cpu' ? 'problem' : 'warning', detail: reason };
}

function probeDevices(
  node: string,
  args: readonly string[],
  env: Installation['env'],
  signal: AbortSignal,
): Promise<readonly DeviceProbe[]> {
  return new Promise((resolve, reject) => {
    const options = { timeout: probeTimeoutMs, maxBuffer: 4_000_000, signal, env: { ...process.env, ...env } };
    execFile(node, args, options, (error, stdout, stderr) => {
      try {
        resolve(JSON.parse(stdout) as readonly DeviceProbe[]);
      } catch {
        reject(new Error(lastLine(stderr) ?? error?.message ?? 'it printed nothing'));
      }
    });
  });
}

function lastLine(text: string): string | undefined {
  const lines = text.trim().split('\n');
  const last = lines.at(-1);
  return last === '' ? undefined : last;
}
