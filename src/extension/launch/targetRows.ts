import type { ConfigField } from '../../domain/config.ts';
import type { Json, JsonObject } from '../../domain/json.ts';
import type { NamedTarget, TargetChoice, TargetKind, TargetReport, TargetSettings } from '../../domain/target.ts';

/** What is known of a target at the moment: it is being asked, or it answered, or it could not be asked. */
export type TargetNews =
  | { readonly kind: 'asking' }
  | { readonly kind: 'report'; readonly report: TargetReport }
  | { readonly kind: 'silent'; readonly message: string };

/** The texts of a target's row. */
export interface TargetRow {
  readonly label: string;
  readonly description: string;
  readonly detail: string;
  readonly icon: string;
}

const icons: { readonly [K in TargetKind]: string } = {
  local: 'device-desktop',
  ssh: 'remote',
  slurm: 'server',
  modal: 'cloud',
  command: 'terminal',
};

export function targetRow({ name, settings }: NamedTarget, news: TargetNews): TargetRow {
  const row = { label: settings.kind === 'local' ? 'This machine' : name, description: describeTarget(settings) };
  if (news.kind === 'asking') return { ...row, detail: 'Looking…', icon: icons[settings.kind] };
  if (news.kind === 'silent') return { ...row, detail: news.message, icon: 'warning' };
  const { usable, lines, problems } = news.report;
  const said = [...problems, ...lines];
  return { ...row, detail: said.join(' · '), icon: usable ? icons[settings.kind] : 'warning' };
}

/** "SLURM through login.example.org", "SSH gpu-box". */
export function describeTarget(settings: TargetSettings): string {
  switch (settings.kind) {
    case 'local':
      return '';
    case 'ssh':
      return `SSH ${settings.host}`;
    case 'slurm':
      return settings.ssh === undefined ? 'SLURM' : `SLURM through ${settings.ssh.host}`;
    case 'modal': {
      const price = settings.pricePerHour === undefined ? '' : `, ${settings.pricePerHour} USD per hour`;
      return `Modal ${settings.mode}${settings.gpu === undefined ? '' : ` on ${settings.gpu}`}${price}`;
    }
    case 'command':
      return settings.submit[0] ?? '';
  }
}

/** "cluster, preset long, gres=gpu:2": what was chosen, in words. */
export function describeChoice({ name, preset, values }: TargetChoice, gpus: number | undefined): string {
  const chosen = Object.entries(values ?? {}).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const cards = gpus === undefined ? '' : gpus === 0 ? 'no GPU' : gpus === 1 ? '1 GPU' : `${gpus} GPUs`;
  const place = name === 'local' ? 'this machine' : name;
  return [place, preset === undefined ? '' : `preset ${preset}`, ...chosen, cards].filter(Boolean).join(', ');
}

function text(key: string, description: string): ConfigField {
  return { key, type: 'string', default: null, description };
}

function integer(key: string, description: string, min = 1): ConfigField {
  return { key, type: 'integer', default: null, min, description };
}

/** What can be chosen for one launch, per kind of target. */
export const targetFields: { readonly [K in TargetKind]: readonly ConfigField[] } = {
  local: [],
  ssh: [],
  slurm: [
    text('partition', 'Partition of the cluster.'),
    text('time', 'Time limit as SLURM writes it: 02:00:00, 1-00:00:00.'),
    text('gres', 'Generic resources: gpu:2, gpu:a100:1.'),
    integer('nodes', 'Nodes.'),
    integer('tasks', 'Tasks in all.'),
    integer('cpusPerTask', 'Processor cores of each task.'),
    text('mem', 'Memory of each node: 32G.'),
    text('account', 'Account that is charged.'),
    text('qos', 'Quality of service.'),
    text('constraint', 'Features that nodes must have.'),
    {
      key: 'arrays',
      type: 'boolean',
      default: true,
      description: 'Runs that start together and ask for the same are one array.',
    },
    integer('arrayLimit', 'How many tasks of such an array run at once.'),
  ],
  modal: [
    text('gpu', 'GPU of the sandbox: T4, A100, H100:2.'),
    integer('timeoutMinutes', 'Minutes until it is ended.'),
  ],
  command: [],
};

/** The values that hold before anything is chosen: the target's settings with the preset's over them. */
export function presetValues(settings: TargetSettings, preset: string | undefined): JsonObject {
  const fields = new Set(targetFields[settings.kind].map(({ key }) => key));
  const chosen = settings.kind === 'slurm' && preset !== undefined ? settings.presets?.[preset] : undefined;
  const all: { readonly [key: string]: unknown } = { ...settings, ...chosen };
  return Object.fromEntries(Object.entries(all).filter(([key]) => fields.has(key))) as JsonObject;
}

/** Names of presets with what they say. */
export function presetsOf(
  settings: TargetSettings,
): readonly { readonly name: string; readonly description: string }[] {
  if (settings.kind !== 'slurm') return [];
  return Object.entries(settings.presets ?? {}).map(([name, resources]) => ({
    name,
    description: Object.entries(resources)
      .map(([key, value]) => `${key}=${Array.isArray(value) ? value.join(' ') : String(value)}`)
      .join(' '),
  }));
}

/** The choice as the protocol has it; absent parts where nothing was chosen. */
export function targetChoice(
  name: string,
  preset: string | undefined,
  values: ReadonlyMap<string, Json>,
): TargetChoice {
  return {
    name,
    ...(preset === undefined ? {} : { preset }),
    ...(values.size === 0 ? {} : { values: Object.fromEntries(values) }),
  };
}
