import { parseHydra } from '../hydraGrammar.ts';
import { checkHydraOverride, overrideKey, stillMissing, withHydraOverride } from '../hydraRows.ts';
import { groupsStep, type HydraQuestion, keysStep } from '../hydraStep.ts';
import { splitSweep } from '../sweepPlan.ts';
import { type StepEnd, type StepPlace, textStep, waitStep } from '../wizard.ts';
import type { Form } from './form.ts';

/** Reads groups and keys under the overrides that are chosen. Sweeps are left out: each trial has a configuration of its own. */
export async function loadHydra(form: Form, signal?: AbortSignal): Promise<void> {
  const { state, worker, folder, entry } = form;
  const { common } = splitSweep(state.overrides, parseHydra);
  const overrides = common.filter((text) => !text.startsWith('-'));
  const under = JSON.stringify(overrides);
  if (state.hydra !== undefined && state.hydraUnder === under) return;
  state.hydra = await worker.call('hydra.form', { folder, entry: entry!.id, overrides }, signal);
  state.hydraUnder = under;
}

async function waitForHydra(form: Form, place: StepPlace): Promise<StepEnd> {
  const answer = await waitStep(place, 'Reading the configuration…', (signal) => loadHydra(form, signal));
  return answer.kind === 'value' ? 'next' : answer.kind;
}

export async function composeStep(form: Form, place: StepPlace): Promise<StepEnd> {
  // On the way back this step has nothing to show.
  if (form.state.hydra !== undefined) return 'skip';
  return await waitForHydra(form, place);
}

function hydraQuestion(form: Form): HydraQuestion {
  return {
    form: form.state.hydra!,
    overrides: form.state.overrides,
    parse: (text) => parseHydra(text, form.state.hydra!.groups),
    showConfig: (overrides) => showConfig(form, overrides),
  };
}

export async function hydraGroupsStep(form: Form, place: StepPlace): Promise<StepEnd> {
  if (form.state.hydra!.groups.length === 0) return 'skip';
  const answer = await groupsStep(place, hydraQuestion(form));
  if (answer.kind !== 'value') return answer.kind;
  form.state.overrides = answer.value;
  const loaded = await waitForHydra(form, place);
  return loaded === 'back' ? await hydraGroupsStep(form, place) : loaded;
}

export async function hydraKeysStep(form: Form, place: StepPlace): Promise<StepEnd> {
  const answer = await keysStep(place, hydraQuestion(form));
  if (answer.kind !== 'value') return answer.kind;
  form.state.overrides = answer.value;
  const loaded = await waitForHydra(form, place);
  return loaded === 'back' ? await hydraKeysStep(form, place) : loaded;
}

/** Asks for each key that has no value, one by one. */
export async function missingStep(form: Form, place: StepPlace): Promise<StepEnd> {
  const { state } = form;
  let asked = false;
  for (;;) {
    const [key] = stillMissing(state.hydra!, state.overrides).filter((one) => one !== nameKey(form));
    if (key === undefined) return asked ? 'next' : 'skip';
    const comment = state.hydra!.keys.find((one) => one.key === key)?.comment;
    const answer = await textStep({
      place: { ...place, canGoBack: true },
      prompt: `${key} must be given${comment === undefined ? '' : `: ${comment}`}`,
      value: '',
      placeholder: `Value of ${key}`,
      problem: (text) => missingProblem(form, key, text),
    });
    if (answer.kind !== 'value') return answer.kind;
    asked = true;
    state.overrides = withHydraOverride(state.overrides, `${key}=${answer.value}`);
  }
}

function missingProblem({ state }: Form, key: string, text: string): string | undefined {
  if (text === '') return `Type a value for ${key}.`;
  const checked = checkHydraOverride(state.hydra!, parseHydra, `${key}=${text}`);
  return 'message' in checked ? checked.message : undefined;
}

/** The key that takes the run's name: it is filled in by the launch. */
export function nameKey({ entry }: Form): string | undefined {
  return entry?.nameArgument === undefined ? undefined : overrideKey(entry.nameArgument);
}

async function showConfig(form: Form, overrides: readonly string[]): Promise<void> {
  const { common } = splitSweep(overrides, parseHydra);
  const { yaml, by, remarks, problems } = await form.worker.call('hydra.compose', {
    folder: form.folder,
    entry: form.entry!.id,
    overrides: common.filter((text) => !text.startsWith('-')),
  });
  const head = [
    ...(by === 'estimate' ? ['An estimate: not composed by the project’s own Hydra.'] : []),
    ...remarks,
    ...problems,
  ];
  const text = [...head.map((line) => `# ${line}`), yaml].join('\n');
  await form.documents.show(`${form.entry!.title} config.yaml`, text, { preserveFocus: true });
}
