import { html, nothing } from 'lit';
import type { SeriesKind } from '../../src/domain/run.ts';
import { checkbox, iconButton, select, slider, textField } from '../shared/controls.ts';
import type { TextFilter } from '../shared/filter.ts';
import { formatStep } from '../shared/format.ts';
import { icon } from '../shared/icons.ts';
import { kindWords } from './kindWords.ts';
import { LARGEST, type SamplesState, SMALLEST } from './state.ts';

/** What the bar says of what there is. */
export interface BarFacts {
  readonly tagFilter: TextFilter;
  /** Kinds of the runs in sight, with the number of their tags. */
  readonly kinds: ReadonlyMap<SeriesKind, number>;
}

/** How images look, and which tags are shown. */
export function viewBar(state: SamplesState, facts: BarFacts, update: (change: Partial<SamplesState>) => void) {
  const { tagFilter, kinds } = facts;
  const hasImages = kinds.size === 0 || kinds.has('image');
  return html`<div class="toolbar" role="toolbar" aria-label="Samples">
    ${textField({
      ...{
        id: 'tag-filter',
        label: 'Filter tags by a regular expression',
        placeholder: 'Filter tags (regular expression)',
      },
      ...{ value: state.tagFilter, problem: tagFilter.problem ?? '' },
      onInput: (text) => update({ tagFilter: text }),
    })}
    ${kinds.size > 1 ? kindChoice(state.kind, kinds, update) : nothing}
    ${hasImages ? imageControls(state, update) : nothing}
  </div>`;
}

function kindChoice(
  kind: SeriesKind | null,
  kinds: ReadonlyMap<SeriesKind, number>,
  update: (change: Partial<SamplesState>) => void,
) {
  const titles = [...kinds].map(([value, count]) => ({ value, label: `${kindWords[value].many} (${count})` }));
  return select<SeriesKind | 'all'>({
    label: 'Show',
    value: kind ?? 'all',
    choices: [{ value: 'all', label: 'Everything' }, ...titles],
    onChange: (value) => update({ kind: value === 'all' ? null : value }),
  });
}

function imageControls(state: SamplesState, update: (change: Partial<SamplesState>) => void) {
  return html`<label class="smoothing"><span>Size</span>
      ${slider({
        ...{ id: 'size', label: 'Size of images', min: Math.log2(SMALLEST), max: Math.log2(LARGEST), step: 0.25 },
        ...{ value: Math.log2(state.size), valueText: `${state.size} pixels` },
        onInput: (power) => update({ size: Math.round(2 ** power) }),
      })}
    </label>
    ${checkbox('Sharp pixels', state.pixelated, (pixelated) => update({ pixelated }))}`;
}

/** The scrubber over all steps. */
export function scrubber(
  steps: readonly number[],
  index: number,
  follow: boolean,
  goTo: (index: number) => void,
  setFollow: (follow: boolean) => void,
) {
  const step = steps[index]!;
  return html`<div class="scrubber" role="group" aria-label="Step">
    ${iconButton({ label: 'Earlier step (left arrow)', icon: icon('previous'), disabled: index === 0, onClick: () => goTo(index - 1) })}
    ${slider({
      ...{ id: 'step', label: 'Step', min: 0, max: steps.length - 1, step: 1, value: index },
      valueText: `step ${formatStep(step)}, ${index + 1} of ${steps.length}`,
      onInput: goTo,
    })}
    ${iconButton({ label: 'Later step (right arrow)', icon: icon('next'), disabled: index === steps.length - 1, onClick: () => goTo(index + 1) })}
    <output><strong>step ${formatStep(step)}</strong> <span>${index + 1} of ${steps.length}</span></output>
    ${checkbox('Follow latest', follow, setFollow)}
  </div>`;
}
