import { fail, ok, type Result } from '../../base/result.ts';
import { contentMimes, type HistogramContent } from '../../domain/mediaContent.ts';
import type { MediaRecord } from '../../domain/records.ts';
import { parsePythonJson } from '../files/pythonJson.ts';
import { histogramOfProto, histogramOfTensor } from '../tensorboard/histogram.ts';
import { curveOfTensor } from '../tensorboard/prCurve.ts';
import { readTensorValues } from '../tensorboard/tensorValues.ts';
import { objectOfItems } from '../wandb/splitValue.ts';
import { curveOfRecords } from './curves.ts';
import { delimitedTable } from './delimited.ts';
import { histogramOfBins } from './histograms.ts';
import { type TrackerMime, trackerMimes } from './mimes.ts';
import { recordTable, splitTable } from './tables.ts';

/** What a panel gets: the bytes of a picture, a sound, a text as they are, or one of the forms of src/domain/mediaContent.ts as JSON. */
export interface DecodedMedia {
  readonly mime: string;
  readonly bytes: Uint8Array;
}

/** What is larger than this is not turned into a picture of numbers. */
const largestInput = 256 * 1024 * 1024;

/**
 * Turns the bytes of a media record from the form of its tracker into the form that panels know; what they know already is given back as it is.
 * `bad-content`: the bytes are not of the form that the record names, with a sentence why.
 */
export function decodeMedia(
  { mime, kind }: Pick<MediaRecord, 'mime' | 'kind'>,
  bytes: Uint8Array,
): Result<DecodedMedia, 'bad-content'> {
  const decoder = Object.hasOwn(decoders, mime) ? decoders[mime as TrackerMime] : undefined;
  const form = kindForms[kind];
  if (decoder === undefined || form === undefined) return ok({ mime, bytes });
  if (bytes.length > largestInput) return fail('bad-content', `The value has ${bytes.length} bytes, too many to show.`);
  try {
    const content = decoder(bytes, form);
    if (content === undefined) return fail('bad-content', `The value is no ${form}, though it was logged as one.`);
    if (form === 'histogram' && !isDrawable(content as HistogramContent))
      return fail('bad-content', 'The edges of this histogram are not all finite numbers, so it cannot be drawn.');
    return ok({ mime: contentMimes[form], bytes: new TextEncoder().encode(JSON.stringify(content)) });
  } catch (error) {
    // Damaged content ends in an exception of a parser; what it says is all that is known.
    return fail('bad-content', `The value is no ${form}: ${(error as Error).message}`);
  }
}

type Form = keyof typeof contentMimes;

/** The form in which each kind of series is shown, for those that are not shown as they are. */
const kindForms: { readonly [Kind in MediaRecord['kind']]?: Form } = {
  histogram: 'histogram',
  table: 'table',
  curve: 'curve',
};

/** Gives the content in a form; undefined, or an exception, where the bytes are none of it. */
type Decoder = (bytes: Uint8Array, form: Form) => object | undefined;

const decoders = {
  [trackerMimes.tensor]: (bytes, form) => tensorForms[form](bytes),
  [trackerMimes.histogramProto]: (bytes) => histogramOfProto(bytes),
  [trackerMimes.splitTable]: (bytes) => splitTable(json(bytes)),
  [trackerMimes.wandbHistogram]: (bytes) => histogramOfBins(json(bytes)),
  [trackerMimes.wandbItems]: (bytes) => histogramOfBins(objectOfItems(bytes)),
  [trackerMimes.recordTable]: (bytes) => recordTable(json(bytes)),
  [trackerMimes.trackioHistogram]: (bytes) => histogramOfBins(json(bytes)),
  [trackerMimes.recordCurve]: (bytes) => curveOfRecords(json(bytes)),
  [trackerMimes.csv]: (bytes) => delimitedTable(text(bytes), ','),
  [trackerMimes.tsv]: (bytes) => delimitedTable(text(bytes), '\t'),
} satisfies { readonly [Mime in TrackerMime]: Decoder };

const tensorForms: { readonly [F in Form]: (bytes: Uint8Array) => object | undefined } = {
  histogram: (bytes) => histogramOfTensor(readTensorValues(bytes)),
  curve: (bytes) => curveOfTensor(readTensorValues(bytes)),
  table: () => undefined,
};

function isDrawable({ edges, counts }: HistogramContent): boolean {
  return edges.every(Number.isFinite) && counts.every(Number.isFinite);
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function json(bytes: Uint8Array): unknown {
  return parsePythonJson(text(bytes));
}
