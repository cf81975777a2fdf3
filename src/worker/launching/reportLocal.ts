import { statfs } from 'node:fs/promises';
import os from 'node:os';
import type { TargetReport } from '../../domain/target.ts';
import type { Gpu } from '../../launch/local/gpu.ts';

const gib = 1024 ** 3;
/** A GPU with less used than this is taken for free: drivers and displays hold a little. */
const idleMiB = 500;
const scarceDisk = 2 * gib;

/** What a person should know of this machine before launching on it. */
export async function reportLocal(
  folder: string,
  gpus: readonly Gpu[],
  busy: ReadonlySet<string>,
): Promise<TargetReport> {
  const disk = await statfs(folder).catch(() => undefined);
  const free = disk === undefined ? undefined : disk.bavail * disk.bsize;
  const [load = 0] = os.loadavg();
  return {
    name: 'local',
    kind: 'local',
    usable: true,
    lines: [
      ...gpuLines(gpus, busy),
      `${os.cpus().length} processors, ${load.toFixed(1)} busy on average`,
      `${(os.freemem() / gib).toFixed(1)} of ${(os.totalmem() / gib).toFixed(1)} GiB of memory free`,
      ...(free === undefined ? [] : [`${(free / gib).toFixed(1)} GiB of disk free`]),
    ],
    problems:
      free !== undefined && free < scarceDisk
        ? [`Only ${(free / gib).toFixed(1)} GiB are free on the disk of ${folder}. Free some space before a long run.`]
        : [],
  };
}

function gpuLines(gpus: readonly Gpu[], busy: ReadonlySet<string>): readonly string[] {
  if (gpus.length === 0) return ['no GPU (nvidia-smi and rocm-smi find none)'];
  const free = gpus.filter((gpu) => !busy.has(gpu.id) && (gpu.usedMiB ?? 0) < idleMiB).length;
  return [`${free} of ${gpus.length} GPUs free`, ...gpus.map((gpu) => describeGpu(gpu, busy))];
}

function describeGpu({ id, name, usedMiB, totalMiB, utilization }: Gpu, busy: ReadonlySet<string>): string {
  const memory =
    usedMiB === undefined || totalMiB === undefined
      ? ''
      : `, ${(usedMiB / 1024).toFixed(1)} of ${(totalMiB / 1024).toFixed(1)} GiB used`;
  const load = utilization === undefined ? '' : `, ${utilization} % busy`;
  return `GPU ${id}: ${name}${memory}${load}${busy.has(id) ? ', given to a run of the queue' : ''}`;
}
