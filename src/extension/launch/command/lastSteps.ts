import { commandPreviewStep, type SweepOutlook } from '../commandPreviewStep.ts';
import { nameProblem, suggestName } from '../names.ts';
import { sweepRequest } from '../sweepPlan.ts';
import { endWith, type StepEnd, type StepPlace, textStep, waitStep } from '../wizard.ts';
import { type Form, isSweep, requestOf } from './form.ts';

export async function nameStep(form: Form, place: StepPlace): Promise<StepEnd> {
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

export async function lastStep(form: Form, place: StepPlace): Promise<StepEnd> {
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
