import type { SshSettings, TargetReport } from '../../domain/target.ts';
import { queryGpus } from '../local/gpus.ts';
import type { SshHosts } from './sshHosts.ts';

const askMs = 20_000;
const gib = 1024 ** 2;
/** A GPU with less used than this is taken for free: drivers and displays hold a little. */
const idleMiB = 500;
const scarceGiB = 2;

/** Looks at a host before a launch: GPUs, processors, load, disk. Throws `unreachable` or `refused` where there is no way to it. */
export async function reportSsh(
  name: string,
  settings: SshSettings,
  hosts: SshHosts,
  signal?: AbortSignal,
): Promise<TargetReport> {
  const options = signal === undefined ? {} : { signal };
  // A person waits, so a failure a moment ago is no reason not to try.
  const { result } = await hosts.host(settings).call('hello', {}, { urgent: true, timeoutMs: askMs, ...options });
  const executor = hosts.executor(settings);
  const say = async (program: string, args: readonly string[]) => {
    const done = await executor.run([program, ...args], { cwd: '~', timeoutMs: askMs, ...options });
    return done.code === 0 ? done.stdout : undefined;
  };
  const [gpus, processors, load, disk] = await Promise.all([
    queryGpus(say),
    say('getconf', ['_NPROCESSORS_ONLN']),
    say('cat', ['/proc/loadavg']),
    say('df', ['-Pk', '.']),
  ]);
  const free = disk === undefined ? Number.NaN : Number(disk.trim().split('\n').at(-1)?.split(/\s+/)[3]) / gib;
  const idle = gpus.filter(({ usedMiB }) => (usedMiB ?? 0) < idleMiB).length;
  return {
    name,
    kind: 'ssh',
    usable: true,
    lines: [
      gpus.length === 0 ? 'no GPU (nvidia-smi and rocm-smi find none)' : `${idle} of ${gpus.length} GPUs idle`,
      ...gpus.map(
        ({ id, name: model, utilization }) =>
          `GPU ${id}: ${model}${utilization === undefined ? '' : `, ${utilization} % busy`}`,
      ),
      ...(processors === undefined
        ? []
        : [`${processors.trim()} processors${load === undefined ? '' : `, load ${load.split(' ')[0]}`}`]),
      ...(Number.isNaN(free) ? [] : [`${free.toFixed(1)} GiB of disk free in the home folder`]),
      `Python ${result.python} for the agent`,
    ],
    problems:
      free < scarceGiB
        ? [
            `Only ${free.toFixed(1)} GiB are free in the home folder of ${settings.host}. Free some space before a long run.`,
          ]
        : [],
  };
}
