import type { SeriesKind } from '../../src/domain/run.ts';

/** How a kind of value is called: one, and several at the head of a list. */
export const kindWords: { readonly [K in SeriesKind]: { readonly one: string; readonly many: string } } = {
  scalar: { one: 'number', many: 'Numbers' },
  image: { one: 'image', many: 'Images' },
  video: { one: 'video', many: 'Videos' },
  audio: { one: 'sound', many: 'Sounds' },
  curve: { one: 'curve', many: 'Curves' },
  histogram: { one: 'histogram', many: 'Histograms' },
  table: { one: 'table', many: 'Tables' },
  text: { one: 'text', many: 'Texts' },
  html: { one: 'page', many: 'Pages' },
  other: { one: 'file', many: 'Other files' },
};
