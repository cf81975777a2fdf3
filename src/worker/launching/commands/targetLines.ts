import type { CommandLaunchRequest } from '../../../domain/commandLaunch.ts';
import type { TargetKind, TargetSettings } from '../../../domain/target.ts';
import { gpusOf } from '../jobOfLaunch.ts';

type Of<K extends TargetKind> = Extract<TargetSettings, { kind: K }>;

const linesByKind: {
  readonly [K in TargetKind]: (settings: Of<K>, request: CommandLaunchRequest) => readonly string[];
} = {
  local: (_, request) => {
    const gpus = gpusOf(request.gpus);
    return [gpus === 0 ? 'this machine, without a GPU' : `this machine, ${gpus} GPU${gpus === 1 ? '' : 's'}`];
  },
  ssh: ({ host, folder, code, workdir }) => [
    `ssh ${host}`,
    code === 'none'
      ? `in ${workdir ?? 'the home folder'} over there`
      : `code by ${code ?? 'git'} to ${folder ?? '~/.trainyard'}`,
  ],
  slurm: ({ ssh, kind: _, presets: _presets, setup, ...resources }) => [
    ssh === undefined ? 'sbatch on this machine' : `sbatch on ${ssh.host}`,
    'the run’s id as --comment, by which the job is found again',
    ...Object.entries(resources).map(
      ([key, value]) => `${key}: ${Array.isArray(value) ? value.join(' ') : String(value)}`,
    ),
    ...(setup ?? []).map((line) => `before the command: ${line}`),
  ],
  modal: ({ mode, app, gpu, volume, timeoutMinutes }) => [
    mode === 'app' ? `modal run --detach ${app ?? ''}`.trim() : 'a sandbox of Modal',
    ...(gpu === undefined ? [] : [`GPU ${gpu}`]),
    ...(volume === undefined ? [] : [`volume ${volume}`]),
    ...(timeoutMinutes === undefined ? [] : [`ends after ${timeoutMinutes} minutes`]),
  ],
  command: ({ submit }) => [`submitted by ${submit.join(' ')}`],
};

/** What the target will be told, line by line. */
export function targetLines(settings: TargetSettings, request: CommandLaunchRequest): readonly string[] {
  const lines = linesByKind[settings.kind] as (
    settings: TargetSettings,
    request: CommandLaunchRequest,
  ) => readonly string[];
  return lines(settings, request);
}

/** What a launch may cost, where it costs. */
export function costWarnings(settings: TargetSettings): readonly string[] {
  if (settings.kind !== 'modal') return [];
  const { gpu, pricePerHour, timeoutMinutes } = settings;
  if (pricePerHour === undefined)
    return [
      `Modal bills ${gpu ?? 'the machine'} by the second; trainyard.yaml names no price (pricePerHour), so the cost is not known here.`,
    ];
  const most =
    timeoutMinutes === undefined
      ? ''
      : `, at most $${((pricePerHour * timeoutMinutes) / 60).toFixed(2)} until its time limit`;
  return [`This costs about $${pricePerHour.toFixed(2)} per hour${most}, by the price in trainyard.yaml.`];
}
