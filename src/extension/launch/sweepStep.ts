import type { SearchKind, SweepAxis } from '../../domain/sweep.ts';
import { count } from '../ui/numbers.ts';
import { describeAxis, gridSize, type SearchSettings } from './sweepPlan.ts';
import { type Answer, type Choice, pickStep, type StepPlace, textStep } from './wizard.ts';

export interface SweepQuestion {
  readonly axes: readonly SweepAxis[];
  readonly settings: SearchSettings;
  /** Tags of metrics that runs of this workspace have. */
  readonly metrics: readonly string[];
}

const searchTexts: { readonly [S in SearchKind]: { readonly label: string; readonly detail: string } } = {
  grid: { label: 'Every combination', detail: 'In Hydra’s own order: the last key changes fastest.' },
  random: { label: 'Random trials', detail: 'Values drawn anew for each trial.' },
  tpe: { label: 'Search by TPE', detail: 'Each trial learns from those before it: needs a metric to make better.' },
};

/** Asks how the trials of a sweep are chosen, how many there are, and how many run at once. */
export async function sweepStep(place: StepPlace, question: SweepQuestion): Promise<Answer<SearchSettings>> {
  const search = await searchQuestion(place, question);
  if (search.kind !== 'value') return search;
  const inner = { ...place, canGoBack: true };
  const questions = search.value === 'grid' ? [concurrencyQuestion] : [trialsQuestion, concurrencyQuestion];
  if (search.value === 'tpe') questions.unshift(metricQuestion, directionQuestion);
  let settings: SearchSettings = { ...question.settings, search: search.value };
  for (let index = 0; index < questions.length; ) {
    const answer = await questions[index]!(inner, { ...question, settings });
    if (answer.kind === 'cancelled') return answer;
    if (answer.kind === 'value') settings = { ...settings, ...answer.value };
    index += answer.kind === 'value' ? 1 : -1;
    if (index < 0) return await sweepStep(place, { ...question, settings });
  }
  return { kind: 'value', value: settings };
}

type Question = (place: StepPlace, question: SweepQuestion) => Promise<Answer<Partial<SearchSettings>>>;

async function searchQuestion(place: StepPlace, { axes, settings }: SweepQuestion): Promise<Answer<SearchKind>> {
  const size = gridSize(axes);
  const kinds: readonly SearchKind[] = size === undefined ? ['tpe', 'random'] : ['grid', 'random', 'tpe'];
  const items: readonly Choice<SearchKind>[] = kinds.map((kind) => ({
    ...searchTexts[kind],
    description: kind === 'grid' && size !== undefined ? count(size, 'trial') : '',
    value: kind,
  }));
  const placeholder = `Sweep over ${axes.map(describeAxis).join('; ')}`;
  return await pickStep({ place, placeholder, items, active: (kind) => kind === settings.search });
}

const metricQuestion: Question = async (place, { metrics, settings }) => {
  const value = settings.metric ?? metrics[0] ?? '';
  const known = metrics.length === 0 ? '' : ` Known: ${metrics.slice(0, 8).join(', ')}.`;
  const answer = await textStep({
    place,
    prompt: `Metric that the search makes better, by its tag.${known}`,
    value,
    problem: (text) => (text === '' ? 'Give the tag of a metric, for instance val/loss.' : undefined),
  });
  return answer.kind === 'value' ? { kind: 'value', value: { metric: answer.value } } : answer;
};

const directionQuestion: Question = async (place, { settings }) => {
  const guess =
    settings.direction ?? (/loss|err|mse|mae|ppl|perplex/i.test(settings.metric ?? '') ? 'minimize' : 'maximize');
  const answer = await pickStep<'minimize' | 'maximize'>({
    place,
    placeholder: `What is better for ${settings.metric}?`,
    items: [
      { label: 'Smaller', value: 'minimize' },
      { label: 'Larger', value: 'maximize' },
    ],
    active: (direction) => direction === guess,
  });
  return answer.kind === 'value' ? { kind: 'value', value: { direction: answer.value } } : answer;
};

const trialsQuestion: Question = async (place, { settings }) => {
  const answer = await textStep({
    place,
    prompt: 'How many trials',
    value: String(settings.trials ?? 20),
    problem: wholeNumberProblem,
  });
  return answer.kind === 'value' ? { kind: 'value', value: { trials: Number(answer.value) } } : answer;
};

const concurrencyQuestion: Question = async (place, { settings }) => {
  const answer = await textStep({
    place,
    prompt: 'How many trials run at once at most; the queue may allow fewer',
    value: String(settings.concurrency ?? 1),
    problem: wholeNumberProblem,
  });
  return answer.kind === 'value' ? { kind: 'value', value: { concurrency: Number(answer.value) } } : answer;
};

function wholeNumberProblem(text: string): string | undefined {
  return /^[1-9]\d{0,4}$/.test(text) ? undefined : 'Give a whole number from 1 to 99999.';
}
