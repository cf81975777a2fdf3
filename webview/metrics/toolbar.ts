import { html, nothing } from 'lit';
import type { XAxis } from '../../src/protocol/series.ts';
import { checkbox, iconButton, select, slider, textField } from '../shared/controls.ts';
import { icon } from '../shared/icons.ts';
import type { MetricsContext } from './context.ts';

const axes: readonly { value: XAxis; label: string }[] = [
  { value: 'step', label: 'Step' },
  { value: 'relative', label: 'Relative time' },
  { value: 'wall', label: 'Wall time' },
];

/** The slider's positions: TensorBoard's weight from 0 to 0.999, finer towards its end, where the eye sees the difference. */
const SLIDER_STEPS = 200;

/** The row of controls for all charts. */
export function toolbar(context: MetricsContext, isZoomed: boolean) {
  const { model } = context;
  const { state, tagFilter } = model.picture;
  const runsLabel = state.runsOpen ? 'Hide the list of runs' : 'Show the list of runs';
  return html`<div class="toolbar" role="toolbar" aria-label="Charts">
    ${iconButton({ label: runsLabel, icon: icon('list'), pressed: state.runsOpen, onClick: () => model.update({ runsOpen: !state.runsOpen }) })}
    ${textField({
      ...{
        id: 'tag-filter',
        label: 'Filter charts by a regular expression',
        placeholder: 'Filter charts (regular expression)',
      },
      ...{ value: state.tagFilter, problem: tagFilter.problem ?? '' },
      onInput: (tagFilterText) => model.update({ tagFilter: tagFilterText }),
    })}
    ${select({ label: 'X axis', value: state.axis, choices: axes, onChange: (axis) => chooseAxis(context, axis) })}
    <label class="smoothing"><span>Smoothing</span>
      ${slider({
        ...{ id: 'smoothing', label: 'Smoothing', min: 0, max: SLIDER_STEPS, step: 1 },
        value: smoothingToSlider(state.smoothing),
        valueText: state.smoothing.toFixed(3),
        onInput: (position) => model.update({ smoothing: sliderToSmoothing(position) }),
      })}
      <output>${state.smoothing === 0 ? 'off' : trimmed(state.smoothing)}</output>
    </label>
    ${checkbox('Log x', state.logX, (logX) => chooseLogX(context, logX))}
    ${checkbox('Log y', state.logY, (logY) => model.update({ logY }))}
    ${isZoomed ? iconButton({ label: 'Show everything (0)', icon: html`${icon('reset')}<span>Reset zoom</span>`, className: 'with-text reset-zoom', onClick: () => resetZoom(context) }) : nothing}
  </div>`;
}

/** Weight at a slider position; a quarter of the way is 0.5 and the end is 0.999. */
export function sliderToSmoothing(position: number): number {
  const share = position / SLIDER_STEPS;
  if (share <= 0) return 0;
  return Number((1 - 0.001 ** share).toFixed(4));
}

/** The inverse. */
export function smoothingToSlider(smoothing: number): number {
  if (smoothing <= 0) return 0;
  return Math.round((SLIDER_STEPS * Math.log(1 - Math.min(0.999, smoothing))) / Math.log(0.001));
}

function resetZoom({ pane, timePane }: MetricsContext): void {
  for (const { shared } of [pane, timePane]) if (shared.window !== undefined) shared.setWindow(undefined, false);
}

/** A window in steps means nothing in seconds. */
function chooseAxis({ model, pane }: MetricsContext, axis: XAxis): void {
  if (axis === model.state.axis) return;
  pane.shared.setWindow(undefined, false);
  model.update({ axis, window: null });
}

/** Zero and below are no places on a log axis. */
function chooseLogX({ model, pane }: MetricsContext, logX: boolean): void {
  const { window } = pane.shared;
  if (logX && window !== undefined && window.min <= 0) pane.shared.setWindow(undefined, false);
  model.update({ logX });
}

function trimmed(value: number): string {
  return value.toFixed(3).replace(/0+$/, '');
}
