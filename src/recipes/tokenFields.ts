import { type ConfigField, valueAt } from '../domain/config.ts';
import type { JsonObject } from '../domain/json.ts';
import type { TokenSource, VocabularyKind } from './data.ts';

const vocabularyKinds = ['bytes', 'dna', 'tokenizer'] as const satisfies readonly VocabularyKind[];

/** The keys with which recipes over tokens say what their data are. */
export const tokenFields: readonly ConfigField[] = [
  {
    key: 'vocabulary',
    type: 'choice',
    choices: vocabularyKinds,
    default: 'bytes',
    description: 'What tokens are: bytes of text, bases of DNA, or those of a tokenizer.',
  },
  {
    key: 'tokenizer',
    type: 'path',
    holds: 'tokenizer',
    default: '',
    description: 'The tokenizer.json of a vocabulary of kind tokenizer.',
  },
  {
    key: 'window',
    type: 'integer',
    default: 128,
    min: 4,
    max: 65536,
    unit: 'tokens',
    description: 'Tokens that the network sees at once.',
  },
  {
    key: 'stride',
    type: 'integer',
    default: 0,
    min: 0,
    unit: 'tokens',
    description:
      'Tokens from the start of a window to the start of the next one. 0: a window, so that each is seen once.',
  },
  {
    key: 'testFraction',
    type: 'number',
    default: 0.1,
    min: 0,
    max: 0.9,
    description: 'Part of the data that is held out, where the files name no split.',
  },
  {
    key: 'testSequences',
    type: 'string',
    default: '',
    description:
      'Sequences that are held out whole instead, with commas: contigs of a genome (chr8, chr21), or files of text by their path in the folder. Empty: a part of everything.',
  },
  {
    key: 'softMaskWeight',
    type: 'number',
    default: 0.01,
    min: 0,
    max: 1,
    description: 'DNA: weight of soft-masked (lower case) bases, which are repeats for the most part.',
  },
  {
    key: 'reverseComplement',
    type: 'boolean',
    default: true,
    description: 'DNA: every other window is read from the other strand.',
  },
  {
    key: 'variants',
    type: 'path',
    holds: 'variants',
    default: '',
    description:
      'DNA: a table of single-base variants (contig, pos, ref, alt, label) that evaluations rank. Empty: none.',
  },
];

/** The keys with which recipes say what texts they write. */
export const textFields: readonly ConfigField[] = [
  { key: 'samples.count', type: 'integer', default: 4, min: 0, max: 256, description: 'Texts of a set of samples.' },
  {
    key: 'samples.length',
    type: 'integer',
    default: 0,
    min: 0,
    unit: 'tokens',
    description: 'Tokens of a text, the prompt among them. 0: as many as the network sees.',
  },
  {
    key: 'samples.prompt',
    type: 'string',
    default: '',
    description: 'What every text begins with. Empty: a token by chance.',
  },
  {
    key: 'samples.temperature',
    type: 'number',
    default: 0.8,
    min: 0,
    max: 100,
    description: 'Higher is bolder. 0: always the most likely token.',
  },
  {
    key: 'samples.topK',
    type: 'integer',
    default: 40,
    min: 0,
    description: 'Only so many of the most likely tokens are chosen among. 0: all.',
  },
];

/** The source that `tokenFields` describe, in examples of `length` tokens that begin `window` apart where no stride is set. */
export function tokenSource(config: JsonObject, length: number): TokenSource {
  const number = (key: string) => valueAt(config, key) as number;
  return {
    kind: 'tokens',
    vocabulary: valueAt(config, 'vocabulary') as VocabularyKind,
    tokenizer: (valueAt(config, 'tokenizer') ?? '') as string,
    window: length,
    stride: number('stride') === 0 ? number('window') : number('stride'),
    testFraction: number('testFraction'),
    testSequences: namesIn((valueAt(config, 'testSequences') ?? '') as string),
    softMaskWeight: number('softMaskWeight'),
    reverseComplement: valueAt(config, 'reverseComplement') === true,
  };
}

function namesIn(list: string): readonly string[] {
  return list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

export interface TextSampleConfig {
  readonly count: number;
  /** 0: a window. */
  readonly length: number;
  readonly prompt: string;
  readonly temperature: number;
  readonly topK: number;
}

/** The typed form of `textFields`. */
export function readTextSamples(config: JsonObject): TextSampleConfig {
  return {
    count: valueAt(config, 'samples.count') as number,
    length: valueAt(config, 'samples.length') as number,
    prompt: valueAt(config, 'samples.prompt') as string,
    temperature: valueAt(config, 'samples.temperature') as number,
    topK: valueAt(config, 'samples.topK') as number,
  };
}
