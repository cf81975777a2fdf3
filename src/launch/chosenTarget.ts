import { fail, ok, type Result } from '../base/result.ts';
import type { Json } from '../domain/json.ts';
import type { NamedTarget, TargetChoice, TargetKind, TargetSettings } from '../domain/target.ts';

export const localTargetName = 'local';

/** This machine, which every folder has. */
export const thisMachine: NamedTarget = { name: localTargetName, settings: { kind: 'local' } };

type ValueType = 'text' | 'number' | 'boolean' | 'texts';

/** What may be chosen for one launch beyond the target's own settings, by kind of target. The rest belongs into trainyard.yaml. */
export const choosable: { readonly [K in TargetKind]: { readonly [key: string]: ValueType } } = {
  local: {},
  ssh: { folder: 'text', code: 'text', workdir: 'text' },
  slurm: {
    partition: 'text',
    account: 'text',
    qos: 'text',
    gres: 'text',
    time: 'text',
    nodes: 'number',
    tasks: 'number',
    cpusPerTask: 'number',
    mem: 'text',
    constraint: 'text',
    options: 'texts',
    requeue: 'boolean',
    warnSeconds: 'number',
    arrays: 'boolean',
    arrayLimit: 'number',
  },
  modal: { gpu: 'text', image: 'text', volume: 'text', timeoutMinutes: 'number' },
  command: {},
};

/** The target of a choice with preset and values merged into its settings, or what is wrong with the choice. */
export function chooseTarget(
  choice: TargetChoice,
  targets: readonly NamedTarget[],
): Result<NamedTarget, 'unknown-target' | 'bad-value'> {
  const found = choice.name === localTargetName ? thisMachine : targets.find(({ name }) => name === choice.name);
  if (found === undefined) {
    const names = [localTargetName, ...targets.map(({ name }) => name)].join(', ');
    return fail(
      'unknown-target',
      `There is no target "${choice.name}". There are ${names}; trainyard.yaml names them.`,
    );
  }
  const preset = presetOf(found.settings, choice.preset);
  if (!preset.ok) return preset;
  const values = choice.values ?? {};
  for (const [key, value] of Object.entries(values)) {
    const wrong = wrongValue(found, key, value);
    if (wrong !== undefined) return fail('bad-value', wrong);
  }
  return ok({ name: found.name, settings: { ...found.settings, ...preset.value, ...values } as TargetSettings });
}

function presetOf(settings: TargetSettings, name: string | undefined): Result<object, 'bad-value'> {
  if (name === undefined) return ok({});
  const presets = settings.kind === 'slurm' ? (settings.presets ?? {}) : {};
  if (Object.hasOwn(presets, name)) return ok(presets[name]!);
  const names = Object.keys(presets);
  return fail(
    'bad-value',
    names.length === 0
      ? `There is no preset "${name}": this target has none.`
      : `There is no preset "${name}". There are ${names.join(', ')}.`,
  );
}

function wrongValue({ name, settings }: NamedTarget, key: string, value: Json): string | undefined {
  const types = choosable[settings.kind];
  const type = Object.hasOwn(types, key) ? types[key] : undefined;
  if (type === undefined) {
    const keys = Object.keys(types).join(', ');
    return `The target ${name} has nothing to choose called "${key}"${keys === '' ? '' : `. There are ${keys}`}.`;
  }
  return fits[type](value) ? undefined : `${key} of the target ${name} must be ${words[type]}.`;
}

const words: { readonly [T in ValueType]: string } = {
  text: 'text',
  number: 'a whole number',
  boolean: 'true or false',
  texts: 'a list of texts',
};

const fits: { readonly [T in ValueType]: (value: Json) => boolean } = {
  text: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number' && Number.isInteger(value) && value >= 0,
  boolean: (value) => typeof value === 'boolean',
  texts: (value) => Array.isArray(value) && value.every((each) => typeof each === 'string'),
};
