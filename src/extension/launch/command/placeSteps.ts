import { isProblem, parseOverride } from '../../../domain/config.ts';
import type { Json } from '../../../domain/json.ts';
import { overridesStep } from '../overridesStep.ts';
import { presetsOf, presetValues, targetFields } from '../targetRows.ts';
import { targetStep } from '../targetStep.ts';
import { endWith, pickStep, type StepEnd, type StepPlace } from '../wizard.ts';
import type { Form } from './form.ts';

export async function whereStep(form: Form, place: StepPlace): Promise<StepEnd> {
  const { worker, folder, state } = form;
  const answer = await targetStep(place, { worker, folder, targets: state.targets, current: state.target.name });
  return endWith(answer, (target) => {
    if (target.name === state.target.name) return;
    Object.assign(state, { target, preset: undefined, values: new Map(), gpus: undefined });
  });
}

export async function presetStep({ state }: Form, place: StepPlace): Promise<StepEnd> {
  const presets = presetsOf(state.target.settings);
  if (presets.length === 0) return 'skip';
  const items = [
    ...presets.map(({ name, description }) => ({ label: name, description, value: name as string | undefined })),
    { label: 'No preset', description: 'as the target stands', value: undefined },
  ];
  const answer = await pickStep({
    place,
    placeholder: `Preset of ${state.target.name}`,
    items,
    active: (preset) => preset === state.preset,
  });
  return endWith(answer, (preset) => {
    state.preset = preset;
  });
}

export async function valuesStep({ state }: Form, place: StepPlace): Promise<StepEnd> {
  const { settings } = state.target;
  const fields = targetFields[settings.kind];
  if (fields.length === 0) return 'skip';
  const overrides = [...state.values].map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const answer = await overridesStep(place, { fields, base: presetValues(settings, state.preset), overrides });
  return endWith(answer, (texts) => {
    const parsed = texts.map(parseOverride).filter((one) => !isProblem(one)) as { key: string; value: Json }[];
    state.values = new Map(parsed.map(({ key, value }) => [key, value]));
  });
}

const gpuTexts: readonly {
  readonly label: string;
  readonly description: string;
  readonly value: number | undefined;
}[] = [
  { label: 'Automatic', description: 'one GPU where there is one', value: undefined },
  { label: 'No GPU', description: 'runs beside others on the processor', value: 0 },
  ...[1, 2, 4, 8].map((value) => ({ label: `${value} GPU${value === 1 ? '' : 's'}`, description: '', value })),
];

export async function gpusStep({ state }: Form, place: StepPlace): Promise<StepEnd> {
  if (state.target.settings.kind !== 'local') return 'skip';
  const answer = await pickStep({
    place,
    placeholder: 'GPUs of this machine; the run waits until so many are free',
    items: gpuTexts,
    active: (gpus) => gpus === state.gpus,
  });
  return endWith(answer, (gpus) => {
    state.gpus = gpus;
  });
}
