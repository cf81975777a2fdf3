import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { MediaRecord } from '../../src/domain/records.ts';
import type { SeriesKind } from '../../src/domain/run.ts';
import { iconButton } from '../shared/controls.ts';
import { formatStep } from '../shared/format.ts';
import { icon } from '../shared/icons.ts';
import type { RunStyle } from '../shared/runStyles.ts';
import type { ChartTheme } from '../shared/theme.ts';
import type { ContentStore } from './content/contentStore.ts';
import type { CurveLine } from './content/curveView.ts';
import type { ImageStore } from './imageStore.ts';
import { kindWords } from './kindWords.ts';
import type { SampleCell, SampleRow } from './picture.ts';

/** What rows are drawn with. */
export interface RowContext {
  readonly images: ImageStore;
  readonly contents: ContentStore;
  readonly names: ReadonlyMap<string, string>;
  readonly styles: ReadonlyMap<string, RunStyle>;
  readonly theme: ChartTheme;
  /** The step that the person wants to see. */
  readonly step: number;
  openFull(cell: SampleCell, item: number): void;
  goToStep(step: number): void;
  save(cell: SampleCell, record: MediaRecord): void;
}

/** One tag: a heading and the runs side by side, or all runs in one drawing where they are to be compared. */
export function rowTemplate(row: SampleRow, context: RowContext): TemplateResult {
  const { kind, tag, cells } = row;
  return html`<section class="tag kind-${kind}" aria-label=${tag}>
    <h2>${tag}${kind === 'image' ? nothing : html`<span class="kind">${kindWords[kind].one}</span>`}</h2>
    ${
      kind === 'curve'
        ? curves(row, context)
        : html`<div class="cells">${repeat(
            cells,
            (cell) => cell.runId,
            (cell) => cellTemplate(kind, cell, context),
          )}</div>`
    }</section>`;
}

function cellTemplate(kind: SeriesKind, cell: SampleCell, context: RowContext): TemplateResult {
  const name = nameOf(cell, context);
  return html`<figure>
    <figcaption><span class="name" title=${name}>${name}</span>${stepNote(kind, cell, context.step)}${kind === 'image' ? nothing : saveButton(cell, context)}</figcaption>
    ${bodies[kind](cell, context)}
  </figure>`;
}

function nameOf(cell: SampleCell, { names }: RowContext): string {
  return names.get(cell.runId) ?? cell.runId;
}

function stepNote(kind: SeriesKind, cell: SampleCell, wanted: number) {
  const { one } = kindWords[kind];
  if (cell.step === undefined)
    return html`<span class="other-step">first ${one} at step ${formatStep(cell.firstStep ?? 0)}</span>`;
  if (cell.step === wanted) return nothing;
  return html`<span class="other-step" title="This run has no ${one} at step ${formatStep(wanted)}; its nearest earlier one is shown.">step ${formatStep(cell.step)}</span>`;
}

function saveButton(cell: SampleCell, context: RowContext) {
  const [record] = cell.items;
  if (record === undefined) return nothing;
  return iconButton({ label: 'Save to a file', icon: icon('csv'), onClick: () => context.save(cell, record) });
}

type Body = (cell: SampleCell, context: RowContext) => TemplateResult;

const bodies: { readonly [K in SeriesKind]: Body } = {
  scalar: () => html``,
  image: images,
  video: each(
    (record, label, cell, { contents }) =>
      html`<ty-player .store=${contents} .runId=${cell.runId} .record=${record} .label=${label}></ty-player>`,
  ),
  audio: each(
    (record, label, cell, { contents }) =>
      html`<ty-player .store=${contents} .runId=${cell.runId} .record=${record} .label=${label}></ty-player>`,
  ),
  table: each(
    (record, label, cell, { contents }) =>
      html`<ty-table .store=${contents} .runId=${cell.runId} .record=${record} .label=${label}></ty-table>`,
  ),
  text: each(
    (record, label, cell, { contents }) =>
      html`<ty-text .store=${contents} .runId=${cell.runId} .record=${record} .label=${label}></ty-text>`,
  ),
  html: each(
    (record, label, cell, { contents }) =>
      html`<ty-page .store=${contents} .runId=${cell.runId} .record=${record} .label=${label}></ty-page>`,
  ),
  curve: () => html``,
  histogram,
  other: each(
    (record) =>
      html`<p class="note">${record.mime}: cannot be shown here${record.place.at === 'file' ? html`, the file is <code>${record.place.file}</code>` : nothing}.</p>`,
  ),
};

/** All values of a step below one another, each with its caption. */
function each(
  view: (record: MediaRecord, label: string, cell: SampleCell, context: RowContext) => TemplateResult,
): Body {
  return (cell, context) =>
    html`<div class="values">${cell.items.map((record, item) => {
      const label = labelOf(cell, record, item, context);
      return html`<div class="value">${view(record, label, cell, context)}${
        record.caption === undefined ? nothing : html`<span class="caption">${record.caption}</span>`
      }</div>`;
    })}</div>`;
}

function labelOf(cell: SampleCell, record: MediaRecord, item: number, context: RowContext): string {
  const which = `${kindWords[record.kind].one} ${item + 1} of ${cell.items.length}`;
  return record.caption ?? `${nameOf(cell, context)}, ${cell.tag}, step ${formatStep(record.step)}, ${which}`;
}

function images(cell: SampleCell, context: RowContext): TemplateResult {
  return html`<div class="images">${cell.items.map((record, item) => {
    const label = labelOf(cell, record, item, context);
    return html`<button type="button" class="sample" title=${`${label}\nClick for full size`} aria-label=${`${label}, full size`} @click=${() => context.openFull(cell, item)}>
      <ty-sample-image .store=${context.images} .runId=${cell.runId} .record=${record} .label=${label}></ty-sample-image>
      ${record.caption === undefined ? nothing : html`<span class="caption">${record.caption}</span>`}
    </button>`;
  })}</div>`;
}

function histogram(cell: SampleCell, context: RowContext): TemplateResult {
  const record = cell.series.findLast(({ step }) => step === cell.step);
  if (record === undefined) return html``;
  const label = `${nameOf(cell, context)}, ${cell.tag}, step ${formatStep(record.step)}`;
  return html`<ty-histogram .store=${context.contents} .runId=${cell.runId} .records=${cell.series} .record=${record} .label=${label}
    .colour=${context.styles.get(cell.runId)?.colour ?? 0} .theme=${context.theme}
    @go-to-step=${(event: CustomEvent<number>) => context.goToStep(event.detail)}></ty-histogram>`;
}

function curves({ tag, cells }: SampleRow, context: RowContext): TemplateResult {
  const lines = cells.flatMap((cell): CurveLine[] => {
    const [record] = cell.items;
    const style = context.styles.get(cell.runId) ?? { colour: 0, dash: 0 };
    return record === undefined ? [] : [{ runId: cell.runId, name: nameOf(cell, context), record, style }];
  });
  const later = cells.filter(({ step }) => step === undefined).length;
  return html`<div class="cells"><figure>
    ${lines.length === 0 ? nothing : html`<ty-curve .store=${context.contents} .lines=${lines} .theme=${context.theme} .tag=${tag}></ty-curve>`}
    ${later === 0 ? nothing : html`<p class="note">${later === 1 ? 'One run has' : `${later} runs have`} no curve this early.</p>`}
  </figure></div>`;
}
