import { AppError } from '../base/errors.ts';

/** What a data set is for: a run trains on it, or is measured on it, by held-out examples or by variants of a genome. */
export type DataSetName = 'train' | 'test' | 'variants';
/** Which part of data. */
export type DataSplit = 'train' | 'test';

/** What a recipe asks the trainer to load. The trainer decides by the source's kind and by what lies at the path which reader it takes. */
export interface DataSetRequest {
  readonly name: DataSetName;
  /** Absolute. */
  readonly path: string;
  /** Which part: by file name (`train-…`, `t10k-…`), by sub-folder (`train`, `test`), or by the source's own rule. */
  readonly split: DataSplit;
  /** Without a required data set the run cannot start; without another one its evaluations are left out, and the run says so. */
  readonly required: boolean;
  readonly source: DataSource;
}

/** What examples are to be made of the files. */
export type DataSource = ImageSource | TokenSource | ArraySource | VariantSource | RecordSource;

/** Labelled images: IDX files or a folder per class. */
export interface ImageSource {
  readonly kind: 'images';
}

/** Windows of a long sequence, or records that are filled up to a window. */
export interface TokenSource {
  readonly kind: 'tokens';
  readonly vocabulary: VocabularyKind;
  /** `tokenizer.json` of a vocabulary of kind `tokenizer`; '' otherwise. */
  readonly tokenizer: string;
  /** Tokens of an example. */
  readonly window: number;
  /** Tokens from the start of an example to the start of the next one. */
  readonly stride: number;
  /** Part of the data that is held out for `test` where the files name no split: from 0 to 1. */
  readonly testFraction: number;
  /** Names of the sequences (contigs; files of text) that are held out instead of a part of everything; none: a part of everything. */
  readonly testSequences: readonly string[];
  /** DNA only: weight of soft-masked (lower case) positions; 1 gives no `weights` other than those of padding. */
  readonly softMaskWeight: number;
  /** DNA only: every other example, drawn by seed, epoch and place, is read as the reverse complement. Never in evaluations. */
  readonly reverseComplement: boolean;
}

/** Rows of numbers: `.npy`, `.npz`, safetensors, CSV, JSON lines. */
export interface ArraySource {
  readonly kind: 'arrays';
  /** Names of columns or tensors that are the features; empty: all but the target. */
  readonly features: readonly string[];
  readonly target: string;
  /** The target is a class rather than a number. */
  readonly targetIsClass: boolean;
  readonly testFraction: number;
}

/** Texts with a class each, from JSON lines: examples of `TokenFacts` with labels, cut or filled up to a window. */
export interface RecordSource {
  readonly kind: 'records';
  readonly vocabulary: VocabularyKind;
  readonly tokenizer: string;
  readonly window: number;
  /** Names of the two fields of a line. */
  readonly text: string;
  readonly label: string;
  readonly testFraction: number;
}

/** Single-base variants of a genome, from a table of their own: the request's path. */
export interface VariantSource {
  readonly kind: 'variants';
  /** FASTA or 2bit, a file or a folder. */
  readonly genome: string;
  /** Bases of an example, with the variant at `variantPlace`. */
  readonly window: number;
}

/** Where in a window a variant stands. */
export function variantPlace(window: number): number {
  return Math.floor(window / 2);
}

export type VocabularyKind = 'bytes' | 'dna' | 'tokenizer';

/** What is known of data once they are loaded: all that a network must know of them. It is kept in checkpoints as JSON. */
export type DataFacts = ImageFacts | TokenFacts | ArrayFacts | VariantFacts;
export type DataKind = DataFacts['kind'];

/** Tensors of an example: `images` uint8 [height, width, channels], 0 to 255, and `labels` int64 [], 0 to classes − 1. */
export interface ImageFacts {
  readonly kind: 'images';
  readonly examples: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly classes: number;
}

/** Tensors of an example: `tokens` int32 [window]; where `weighted`, `weights` float32 [window], 0 at padding; where there are classes, `labels` int64 []. */
export interface TokenFacts {
  readonly kind: 'tokens';
  readonly examples: number;
  readonly window: number;
  readonly vocabulary: VocabularyFacts;
  readonly weighted: boolean;
  /** 0: examples have no labels. */
  readonly classes: number;
  /** What each class is called, where examples have labels. */
  readonly classNames?: readonly string[];
}

/** Tensors of an example: `features` float32 [...features], and `labels` int64 [] where there are classes, else `targets` float32 [...targets]. */
export interface ArrayFacts {
  readonly kind: 'arrays';
  readonly examples: number;
  readonly features: readonly number[];
  readonly targets: readonly number[];
  readonly classes: number;
  /** Mean and standard deviation of each feature over the training set, in row-major order; a deviation of 0 is given as 1. */
  readonly featureScales: readonly Scale[];
  /** The same for each target; empty where there are classes. */
  readonly targetScales: readonly Scale[];
}

export interface Scale {
  readonly mean: number;
  readonly deviation: number;
}

/**
 * Tensors of an example: `tokens` int32 [window] of the reference, padded where a contig ends; `references` and `alternatives` int64 [], the tokens of both
 * alleles; `labels` int64 [], 1 for a variant that is expected to be unlikely.
 */
export interface VariantFacts {
  readonly kind: 'variants';
  readonly examples: number;
  readonly window: number;
  readonly vocabulary: VocabularyFacts;
  readonly classes: 2;
}

/** Tokens are 0 to size − 1, the special ones among them. */
export interface VocabularyFacts {
  readonly kind: VocabularyKind;
  readonly size: number;
  readonly pad: number;
  readonly mask?: number;
  readonly unknown?: number;
  /** `tokenizer.json`, absolute, with its SHA-256. */
  readonly file?: string;
  readonly sha256?: string;
}

/** Shape of one example's tensor, and its element type. */
export interface TensorFacts {
  readonly shape: readonly number[];
  readonly dtype: 'uint8' | 'int32' | 'int64' | 'float32';
}

/** The tensors of one example by name. A batch has one more axis in front. */
export function exampleTensors(facts: DataFacts): Readonly<Record<string, TensorFacts>> {
  return (tensors[facts.kind] as (facts: DataFacts) => Record<string, TensorFacts>)(facts);
}

/** The facts of a data set of images. Throws AppError 'bad-data' for another kind. */
export function imageFacts(facts: DataFacts): ImageFacts {
  if (facts.kind === 'images') return facts;
  throw wrongKind('images', facts);
}

/** The facts of a data set of tokens. Throws AppError 'bad-data' for another kind. */
export function tokenFacts(facts: DataFacts): TokenFacts {
  if (facts.kind === 'tokens') return facts;
  throw wrongKind('tokens', facts);
}

/** The facts of a data set of arrays. Throws AppError 'bad-data' for another kind. */
export function arrayFacts(facts: DataFacts): ArrayFacts {
  if (facts.kind === 'arrays') return facts;
  throw wrongKind('arrays', facts);
}

/** "28x28x1-c10", for the names of architectures. Throws AppError 'bad-data' for what are no images. */
export function imageName(facts: DataFacts): string {
  const { height, width, channels, classes } = imageFacts(facts);
  return `${height}x${width}x${channels}-c${classes}`;
}

/** "28×28×1, 10 classes" */
export function describeFacts(facts: DataFacts): string {
  return (descriptions[facts.kind] as (facts: DataFacts) => string)(facts);
}

/** "1350 rows": how many examples there are, by what people call them. */
export function countExamples({ kind, examples }: DataFacts): string {
  return `${examples} ${examplesAre[kind]}`;
}

/** Facts as older checkpoints have them, from when there were images alone, are those of images. */
export function parseFacts(json: string): DataFacts {
  const facts = JSON.parse(json) as DataFacts | Omit<ImageFacts, 'kind'>;
  return 'kind' in facts ? facts : { kind: 'images', ...facts };
}

type OfKind<K extends DataKind> = Extract<DataFacts, { readonly kind: K }>;

const tensors: { readonly [K in DataKind]: (facts: OfKind<K>) => Record<string, TensorFacts> } = {
  images: ({ height, width, channels }) => ({
    images: { shape: [height, width, channels], dtype: 'uint8' },
    labels: label,
  }),
  tokens: ({ window, weighted, classes }) => ({
    tokens: { shape: [window], dtype: 'int32' },
    ...(weighted ? { weights: { shape: [window], dtype: 'float32' } } : {}),
    ...(classes > 0 ? { labels: label } : {}),
  }),
  variants: ({ window }) => ({
    tokens: { shape: [window], dtype: 'int32' },
    references: label,
    alternatives: label,
    labels: label,
  }),
  arrays: ({ features, targets, classes }) => ({
    features: { shape: features, dtype: 'float32' },
    ...(classes > 0 ? { labels: label } : { targets: { shape: targets, dtype: 'float32' } }),
  }),
};

const label: TensorFacts = { shape: [], dtype: 'int64' };

const descriptions: { readonly [K in DataKind]: (facts: OfKind<K>) => string } = {
  images: ({ height, width, channels, classes }) => `${height}×${width}×${channels}, ${classes} classes`,
  tokens: ({ window, vocabulary, classes }) =>
    `${window} tokens each, of ${vocabulary.size}${classes > 0 ? `, ${classes} classes` : ''}`,
  variants: ({ window }) => `of single bases, in windows of ${window}`,
  arrays: ({ features, targets, classes }) =>
    `${features.join('×') || '1'} features, ${classes > 0 ? `${classes} classes` : `${targets.join('×') || '1'} targets`}`,
};

const examplesAre: { readonly [K in DataKind]: string } = {
  images: 'images',
  tokens: 'windows',
  variants: 'variants',
  arrays: 'rows',
};

function wrongKind(wanted: DataKind, { kind }: DataFacts): AppError {
  return new AppError('bad-data', `The data are ${kind}, and this recipe trains on ${wanted}.`, {
    hint: 'Set data to a data set of the right kind, or take another recipe.',
  });
}
