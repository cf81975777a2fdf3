import type { CommandLaunchRequest } from '../../domain/commandLaunch.ts';
import { isProblem, parseOverride } from '../../domain/config.ts';
import type { EntryPoint, HydraForm } from '../../domain/entryPoint.ts';
import type { Json } from '../../domain/json.ts';
import type { SweepRequest } from '../../domain/sweep.ts';
import type { NamedTarget, TargetChoice } from '../../domain/target.ts';
import type { RpcClient } from '../../protocol/rpc.ts';
import type { WorkerEvents, WorkerMethods } from '../../protocol/worker.ts';
import type { Documents } from '../ui/documents.ts';
import { argumentsStep } from './argumentsStep.ts';
import { commandPreviewStep, type SweepOutlook } from './commandPreviewStep.ts';
import { parseHydra } from './hydraGrammar.ts';
import { checkHydraOverride, overrideKey, stillMissing, withHydraOverride } from './hydraRows.ts';
import { groupsStep, type HydraQuestion, keysStep } from './hydraStep.ts';
import { nameProblem, suggestName } from './names.ts';
import { overridesStep } from './overridesStep.ts';
import { type SearchSettings, splitSweep, sweepRequest } from './sweepPlan.ts';
import { sweepStep } from './sweepStep.ts';
import { presetsOf, presetValues, targetChoice, targetFields } from './targetRows.ts';
import { targetStep } from './targetStep.ts';
import { endWith, pickStep, runSteps, type Step, type StepEnd, type StepPlace, textStep, waitStep } from './wizard.ts';

export interface CommandFormOptions {
  readonly worker: RpcClient<WorkerMethods, WorkerEvents>;
  readonly documents: Documents;
  readonly folder: string;
  readonly runsFolder: string;
  readonly title: string;
  /** Names of runs that exist already in the folder. */
  readonly taken: ReadonlySet<string>;
  /** Tags of metrics that runs of the folder have. */
  readonly metrics: readonly string[];
  /** The entry point; absent: a command of the person's own. */
  readonly entry?: EntryPoint;
  /** A request to begin with. */
  readonly initial?: Omit<CommandLaunchRequest, 'requestId'>;
  /** Lines of arguments that this entry was launched with before, the latest first. */
  readonly former: readonly (readonly string[])[];
  /** Goes to the last step at once, where nothing is missing. */
  readonly straight?: boolean;
  /** Whether one can go back to a choice that was made before the form. */
  readonly canLeave?: boolean;
  /** Shows the configuration beside that of the last run. */
  readonly showChanges: (
    preview: WorkerMethods['command.preview']['result'],
    entry: string | undefined,
  ) => Promise<void>;
}

/** What the form came to. */
export type CommandFormResult =
  | { readonly kind: 'launch'; readonly request: CommandLaunchRequest }
  /** `typed` has the sweep in its arguments as it was typed, for a list of former launches. */
  | { readonly kind: 'sweep'; readonly request: SweepRequest; readonly typed: CommandLaunchRequest }
  | { readonly kind: 'back' }
  | { readonly kind: 'cancelled' };

interface FormState {
  hydra: HydraForm | undefined;
  /** The overrides that `hydra` was composed under. */
  hydraUnder: string;
  overrides: readonly string[];
  command: readonly string[];
  args: readonly string[];
  targets: readonly NamedTarget[];
  target: NamedTarget;
  preset: string | undefined;
  values: ReadonlyMap<string, Json>;
  gpus: number | undefined;
  search: SearchSettings;
  name: string;
  hold: boolean;
}

interface Form extends CommandFormOptions {
  readonly requestId: string;
  readonly sweepId: string;
  readonly state: FormState;
}

const localTarget: NamedTarget = { name: 'local', settings: { kind: 'local' } };

/** Asks step by step how an entry point of the repository, or a command of one's own, is launched. Nothing starts here. */
export async function askForCommand(options: CommandFormOptions): Promise<CommandFormResult> {
  const { initial, entry } = options;
  const isHydra = entry?.takes === 'hydra';
  const form: Form = {
    ...options,
    // One id for the whole form: whatever is pressed twice at its end launches once.
    requestId: crypto.randomUUID(),
    sweepId: crypto.randomUUID(),
    state: {
      hydra: undefined,
      hydraUnder: '',
      overrides: isHydra ? (initial?.arguments ?? []) : [],
      command: initial?.command ?? [],
      args: isHydra ? [] : (initial?.arguments ?? []),
      targets: [],
      target: localTarget,
      preset: initial?.target.preset,
      values: new Map(Object.entries(initial?.target.values ?? {})),
      gpus: initial?.gpus,
      search: { search: 'grid' },
      name: initial?.name === undefined ? '' : suggestName(initial.name, options.taken),
      hold: false,
    },
  };
  await loadTargets(form);
  const steps = stepsOf(entry);
  const straight = options.straight === true && (await hasAll(form));
  const end = await runSteps(form, steps, {
    title: options.title,
    first: straight ? steps.length - 1 : 0,
    before: options.canLeave === true ? 1 : 0,
    canLeave: options.canLeave === true,
  });
  if (end !== 'done') return { kind: end };
  const { axes, request } = requestOf(form);
  if (axes.length === 0) return { kind: 'launch', request };
  const typed = { ...request, arguments: form.state.overrides };
  return { kind: 'sweep', request: sweepRequest(request, axes, form.state.search, form.sweepId), typed };
}

function stepsOf(entry: EntryPoint | undefined): readonly Step<Form>[] {
  const where = [whereStep, presetStep, valuesStep, gpusStep];
  if (entry === undefined) return [ownCommandStep, ...where, nameStep, lastStep];
  const what: { readonly [T in EntryPoint['takes']]: readonly Step<Form>[] } = {
    hydra: [composeStep, hydraGroupsStep, hydraKeysStep, missingStep, searchStep],
    arguments: [lineStep],
    nothing: [],
  };
  return [...what[entry.takes], ...where, nameStep, lastStep];
}

async function loadTargets({ worker, folder, initial, state }: Form): Promise<void> {
  const { targets } = await worker.call('targets.list', { folder });
  state.targets = targets.length > 0 ? targets : [localTarget];
  state.target = state.targets.find(({ name }) => name === initial?.target.name) ?? state.targets[0]!;
}

/** Whether the last step can be shown at once: nothing has to be asked for first. */
async function hasAll(form: Form): Promise<boolean> {
  if (form.entry?.takes !== 'hydra') return form.entry !== undefined || form.state.command.length > 0;
  await loadHydra(form);
  return stillMissing(form.state.hydra!, form.state.overrides).every((key) => key === nameKey(form));
}

/** Reads groups and keys under the overrides that are chosen. Sweeps are left out: each trial has a configuration of its own. */
async function loadHydra(form: Form, signal?: AbortSignal): Promise<void> {
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

async function composeStep(form: Form, place: StepPlace): Promise<StepEnd> {
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

async function hydraGroupsStep(form: Form, place: StepPlace): Promise<StepEnd> {
  if (form.state.hydra!.groups.length === 0) return 'skip';
  const answer = await groupsStep(place, hydraQuestion(form));
  if (answer.kind !== 'value') return answer.kind;
  form.state.overrides = answer.value;
  const loaded = await waitForHydra(form, place);
  return loaded === 'back' ? await hydraGroupsStep(form, place) : loaded;
}

async function hydraKeysStep(form: Form, place: StepPlace): Promise<StepEnd> {
  const answer = await keysStep(place, hydraQuestion(form));
  if (answer.kind !== 'value') return answer.kind;
  form.state.overrides = answer.value;
  const loaded = await waitForHydra(form, place);
  return loaded === 'back' ? await hydraKeysStep(form, place) : loaded;
}

/** Asks for each key that has no value, one by one. */
async function missingStep(form: Form, place: StepPlace): Promise<StepEnd> {
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
function nameKey({ entry }: Form): string | undefined {
  return entry?.nameArgument === undefined ? undefined : overrideKey(entry.nameArgument);
}

async function searchStep(form: Form, place: StepPlace): Promise<StepEnd> {
  const { axes } = splitSweep(form.state.overrides, parseHydra);
  if (axes.length === 0) return 'skip';
  const answer = await sweepStep(place, { axes, settings: form.state.search, metrics: form.metrics });
  return endWith(answer, (settings) => {
    form.state.search = settings;
  });
}

async function lineStep(form: Form, place: StepPlace): Promise<StepEnd> {
  const { entry, state, former } = form;
  const placeholder = 'Arguments, with the quotes of a shell where they have blanks; Enter to go on';
  const answer = await argumentsStep(place, { command: entry!.command, args: state.args, placeholder, former });
  return endWith(answer, (args) => {
    state.args = args;
  });
}

async function ownCommandStep(form: Form, place: StepPlace): Promise<StepEnd> {
  const { state, former } = form;
  const placeholder = 'Program and arguments, for instance: python train.py --epochs 3';
  const answer = await argumentsStep(place, {
    command: [],
    args: [...state.command, ...state.args],
    placeholder,
    former,
  });
  return endWith(answer, (words) => {
    state.command = words.slice(0, 1);
    state.args = words.slice(1);
  });
}

async function whereStep(form: Form, place: StepPlace): Promise<StepEnd> {
  const { worker, folder, state } = form;
  const answer = await targetStep(place, { worker, folder, targets: state.targets, current: state.target.name });
  return endWith(answer, (target) => {
    if (target.name === state.target.name) return;
    Object.assign(state, { target, preset: undefined, values: new Map(), gpus: undefined });
  });
}

async function presetStep({ state }: Form, place: StepPlace): Promise<StepEnd> {
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

async function valuesStep({ state }: Form, place: StepPlace): Promise<StepEnd> {
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

async function gpusStep({ state }: Form, place: StepPlace): Promise<StepEnd> {
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

async function nameStep(form: Form, place: StepPlace): Promise<StepEnd> {
  const { state, taken } = form;
  const answer = await textStep({
    place,
    prompt: isSweep(form)
      ? 'Name of the sweep; its runs are numbered behind it'
      : 'Name of the run, and of its directory',
    value: state.name === '' ? suggestName(baseName(form), taken) : state.name,
    problem: (name) => nameProblem(name, taken),
  });
  return endWith(answer, (name) => {
    state.name = name;
  });
}

function baseName({ entry, state }: Form): string {
  const words = [...state.command, ...state.args];
  // Of a command of one's own the script or module says more than the program that runs it.
  const script = words.find((word) => /\.(py|sh|bash|js|ts|jl|R)$/.test(word)) ?? words[words.indexOf('-m') + 1];
  const source = entry?.file ?? entry?.title ?? script ?? 'run';
  const stem = source
    .replace(/.*[\\/]/, '')
    .replace(/\.[A-Za-z]+$/, '')
    .replace(/[^\w.-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+|[.-]+$/g, '');
  return stem === '' ? 'run' : stem;
}

async function lastStep(form: Form, place: StepPlace): Promise<StepEnd> {
  const { request, axes } = requestOf(form);
  const asked = await waitStep(place, 'Working out the exact command…', async (signal) => {
    const preview = await form.worker.call('command.preview', request, signal);
    const sweep = axes.length === 0 ? undefined : await outlook(form, signal);
    return { preview, sweep };
  });
  if (asked.kind !== 'value') return asked.kind;
  const { preview, sweep } = asked.value;
  const answer = await commandPreviewStep({
    place,
    preview,
    ...(sweep === undefined ? {} : { sweep }),
    documents: form.documents,
    showChanges: (shown) => form.showChanges(shown, form.entry?.id),
  });
  return endWith(answer, (choice) => {
    form.state.hold = choice === 'hold';
  });
}

async function outlook(form: Form, signal: AbortSignal): Promise<SweepOutlook> {
  const { request, axes } = requestOf(form);
  const asked = sweepRequest(request, axes, form.state.search, form.sweepId);
  return await form.worker.call('sweeps.preview', asked, signal);
}

function isSweep(form: Form): boolean {
  return splitSweep(form.state.overrides, parseHydra).axes.length > 0;
}

function requestOf(form: Form) {
  const { state, entry, initial, folder, runsFolder, requestId } = form;
  const { common, axes } = entry?.takes === 'hydra' ? splitSweep(state.overrides, parseHydra) : noSweep(state.args);
  const target: TargetChoice = targetChoice(state.target.name, state.preset, state.values);
  const { entry: _entry, command: _command, gpus: _gpus, name: _name, hold: _hold, ...former } = initial ?? {};
  const request: CommandLaunchRequest = {
    ...former,
    requestId,
    folder,
    runsFolder,
    ...(entry === undefined ? { command: state.command } : { entry: entry.id }),
    arguments: common,
    target,
    ...(state.gpus === undefined ? {} : { gpus: state.gpus }),
    ...(state.name === '' ? {} : { name: state.name }),
    ...(state.hold ? { hold: true } : {}),
  };
  return { request, axes };
}

function noSweep(args: readonly string[]): ReturnType<typeof splitSweep> {
  return { common: args, axes: [] };
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
