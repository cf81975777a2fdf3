import { html, type TemplateResult } from 'lit';
import type { TableContent } from '../../../src/domain/mediaContent.ts';
import { formatCount, formatValue, plural } from '../../shared/format.ts';
import { naturalOrder } from '../../shared/naturalOrder.ts';
import { visibleRows } from '../../shared/virtualRows.ts';
import { type Content, treeOf } from './contentStore.ts';
import { ContentView } from './contentView.ts';

const ROW_HEIGHT = 24;
/** Of a table with pictures. */
const PICTURE_ROW_HEIGHT = 72;
/** A table up to this height is as high as its rows. */
const MOST_HEIGHT = 13 * ROW_HEIGHT;
/** A table that has pictures has them in its first rows. */
const PEEKED_ROWS = 20;
const LONGEST_CELL = 300;

interface Sorting {
  readonly column: number;
  readonly down: boolean;
}

/** A table of one step. A column's head sorts by it; long tables make only the rows that are in sight. */
export class TableView extends ContentView<TableContent> {
  static override properties = { ...ContentView.properties, sorting: { state: true }, scrolled: { state: true } };

  declare sorting: Sorting | undefined;
  declare scrolled: number;

  protected override understand(content: Content): TableContent {
    const { columns, rows, totalRows } = treeOf<TableContent>(content);
    if (!Array.isArray(columns) || !Array.isArray(rows)) throw new Error('The table has no columns or no rows.');
    return { columns, rows, totalRows };
  }

  protected override template(table: TableContent): TemplateResult {
    const { columns, totalRows } = table;
    const rows = sorted(table.rows, this.sorting);
    const rowHeight = table.rows.slice(0, PEEKED_ROWS).some(hasPicture) ? PICTURE_ROW_HEIGHT : ROW_HEIGHT;
    const mostHeight = rowHeight > ROW_HEIGHT ? 2 * MOST_HEIGHT : MOST_HEIGHT;
    const height = Math.min(rows.length * rowHeight + ROW_HEIGHT, mostHeight) + 16;
    const { first, end } = visibleRows(this.scrolled ?? 0, height, rowHeight, rows.length);
    const shown = rows.length === totalRows ? '' : `, the first ${formatCount(rows.length)} are shown`;
    return html`<div class="table-view" tabindex="0" role="region" aria-label=${this.label} .style=${`max-height:${height}px;--row:${rowHeight}px`}
        @scroll=${(event: Event) => this.#onScroll(event)}>
      <table aria-rowcount=${totalRows + 1}>
        <thead><tr>${columns.map((name, column) => this.#head(name, column))}</tr></thead>
        <tbody>
          ${first === 0 ? '' : html`<tr aria-hidden="true"><td colspan=${columns.length} .style=${`height:${first * rowHeight}px`}></td></tr>`}
          ${rows.slice(first, end).map((row, i) => html`<tr aria-rowindex=${first + i + 2}>${columns.map((_, column) => this.#cell(row[column]))}</tr>`)}
          ${end === rows.length ? '' : html`<tr aria-hidden="true"><td colspan=${columns.length} .style=${`height:${(rows.length - end) * rowHeight}px`}></td></tr>`}
        </tbody>
      </table></div>
      <p class="note">${plural(totalRows, 'row')}${shown}</p>`;
  }

  #cell(value: unknown): TemplateResult {
    const file = pictureOf(value);
    if (file === undefined) return textCell(value);
    return html`<td class="picture"><ty-cell-image .store=${this.store} .runId=${this.runId} .record=${this.record} .cell=${file} .label=${fileName(file)}></ty-cell-image></td>`;
  }

  #head(name: string, column: number): TemplateResult {
    const { sorting } = this;
    const state = sorting?.column !== column ? 'none' : sorting.down ? 'descending' : 'ascending';
    const mark = state === 'none' ? '' : state === 'ascending' ? '▲' : '▼';
    return html`<th scope="col" aria-sort=${state}><button type="button" title="Sort by ${name}" @click=${() => this.#sort(column)}>${name}<span class="sort-mark" aria-hidden="true">${mark}</span></button></th>`;
  }

  /** Upwards, downwards, and back to the order of the log. */
  #sort(column: number): void {
    const { sorting } = this;
    if (sorting?.column !== column) this.sorting = { column, down: false };
    else this.sorting = sorting.down ? undefined : { column, down: true };
  }

  #onScroll(event: Event): void {
    const { scrollTop } = event.target as HTMLElement;
    // Only a new row in sight is worth drawing.
    if (Math.abs(scrollTop - (this.scrolled ?? 0)) >= ROW_HEIGHT) this.scrolled = scrollTop;
  }
}

/** The rows in the order of a column: numbers before texts, what is empty last. */
export function sorted(rows: TableContent['rows'], sorting: Sorting | undefined): TableContent['rows'] {
  if (sorting === undefined) return rows;
  const { column, down } = sorting;
  return [...rows].sort((a, b) => compare(a[column], b[column], down ? -1 : 1));
}

function compare(one: unknown, other: unknown, sign: number): number {
  const [a, b] = [rank(one), rank(other)];
  if (a !== b) return a - b;
  if (a === 0) return sign * ((one as number) - (other as number));
  return a === 1 ? sign * naturalOrder(cellText(one), cellText(other)) : 0;
}

function rank(value: unknown): number {
  if (value === null || value === undefined || value === '') return 2;
  return typeof value === 'number' ? 0 : 1;
}

function textCell(value: unknown): TemplateResult {
  if (typeof value === 'number') return html`<td class="number" title=${value}>${formatValue(value, 7)}</td>`;
  const text = cellText(value);
  return html`<td title=${text.slice(0, LONGEST_CELL)}>${text.slice(0, LONGEST_CELL)}</td>`;
}

function hasPicture(row: readonly unknown[]): boolean {
  return row.some((value) => pictureOf(value) !== undefined);
}

/** The file of a picture in a cell, see `TableContent`. */
function pictureOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('file' in value)) return undefined;
  return typeof value.file === 'string' ? value.file : undefined;
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
