import { count } from '../../ui/numbers.ts';
import { argumentsStep } from '../argumentsStep.ts';
import { splitScriptSweep } from '../scriptSweep.ts';
import { describeAxis, gridSize } from '../sweepPlan.ts';
import { sweepStep } from '../sweepStep.ts';
import { endWith, pickStep, type StepEnd, type StepPlace } from '../wizard.ts';
import { type Form, requestOf } from './form.ts';

export async function lineStep(form: Form, place: StepPlace): Promise<StepEnd> {
  const { entry, state, former } = form;
  const placeholder = 'Arguments, with the quotes of a shell where they have blanks; Enter to go on';
  const answer = await argumentsStep(place, { command: entry!.command, args: state.args, placeholder, former });
  return endWith(answer, (args) => {
    state.args = args;
  });
}

export async function ownCommandStep(form: Form, place: StepPlace): Promise<StepEnd> {
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

/** Lists of values in the arguments of a plain program may be a sweep, or words of its own: a person says which. */
export async function plainSweepStep({ state }: Form, place: StepPlace): Promise<StepEnd> {
  const { axes } = splitScriptSweep(state.args);
  if (axes.length === 0) {
    state.sweepsArguments = false;
    return 'skip';
  }
  const size = gridSize(axes);
  const answer = await pickStep<boolean>({
    place,
    placeholder: `One run, or a sweep over ${axes.map(describeAxis).join('; ')}?`,
    items: [
      { label: 'One run', description: 'the program gets exactly these words', value: false },
      {
        label: 'A sweep',
        description: size === undefined ? 'a search in the interval' : count(size, 'trial'),
        detail: 'Each trial gets one value of each list.',
        value: true,
      },
    ],
    active: (sweeps) => sweeps === state.sweepsArguments,
  });
  return endWith(answer, (sweeps) => {
    state.sweepsArguments = sweeps;
  });
}

export async function searchStep(form: Form, place: StepPlace): Promise<StepEnd> {
  const { axes } = requestOf(form);
  if (axes.length === 0) return 'skip';
  const answer = await sweepStep(place, { axes, settings: form.state.search, metrics: form.metrics });
  return endWith(answer, (settings) => {
    form.state.search = settings;
  });
}
