import type { CommandLaunchRequest } from '../../domain/commandLaunch.ts';
import type { EntryPoint } from '../../domain/entryPoint.ts';
import type { SweepRequest } from '../../domain/sweep.ts';
import type { NamedTarget } from '../../domain/target.ts';
import { lineStep, ownCommandStep, plainSweepStep, searchStep } from './command/argumentSteps.ts';
import { type CommandFormOptions, type Form, requestOf } from './command/form.ts';
import { composeStep, hydraGroupsStep, hydraKeysStep, loadHydra, missingStep, nameKey } from './command/hydraSteps.ts';
import { lastStep, nameStep } from './command/lastSteps.ts';
import { gpusStep, presetStep, valuesStep, whereStep } from './command/placeSteps.ts';
import { stillMissing } from './hydraRows.ts';
import { suggestName } from './names.ts';
import { splitScriptSweep } from './scriptSweep.ts';
import { sweepRequest } from './sweepPlan.ts';
import { runSteps, type Step } from './wizard.ts';

export type { CommandFormOptions } from './command/form.ts';

/** What the form came to. */
export type CommandFormResult =
  | { readonly kind: 'launch'; readonly request: CommandLaunchRequest }
  /** `typed` has the sweep in its arguments as it was typed, for a list of former launches. */
  | { readonly kind: 'sweep'; readonly request: SweepRequest; readonly typed: CommandLaunchRequest }
  | { readonly kind: 'back' }
  | { readonly kind: 'cancelled' };

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
      sweepsArguments: false,
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
  const typed = { ...request, arguments: isHydra ? form.state.overrides : form.state.args };
  return { kind: 'sweep', request: sweepRequest(request, axes, form.state.search, form.sweepId), typed };
}

function stepsOf(entry: EntryPoint | undefined): readonly Step<Form>[] {
  const where = [whereStep, presetStep, valuesStep, gpusStep];
  if (entry === undefined) return [ownCommandStep, plainSweepStep, searchStep, ...where, nameStep, lastStep];
  const what: { readonly [T in EntryPoint['takes']]: readonly Step<Form>[] } = {
    hydra: [composeStep, hydraGroupsStep, hydraKeysStep, missingStep, searchStep],
    arguments: [lineStep, plainSweepStep, searchStep],
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
  // Whether lists in the arguments of a plain program are a sweep is asked each time.
  if (form.entry?.takes !== 'hydra') {
    const isClear = splitScriptSweep(form.state.args).axes.length === 0;
    return isClear && (form.entry !== undefined || form.state.command.length > 0);
  }
  await loadHydra(form);
  return stillMissing(form.state.hydra!, form.state.overrides).every((key) => key === nameKey(form));
}
