import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import type { VocabularyFacts } from '../../../recipes/data.ts';
import { badData } from '../files/badData.ts';

/** A tokenizer that was read from its `tokenizer.json`. */
export interface OpenedTokenizer {
  readonly facts: VocabularyFacts;
  /** The tokens of a text; `framed` adds what the tokenizer puts round a whole text, such as [CLS] and [SEP]. */
  encode(text: string, framed?: boolean): readonly number[];
  /** Special tokens are left out. */
  decode(tokens: readonly number[]): string;
}

const opened = new Map<string, OpenedTokenizer>();

/**
 * Reads a `tokenizer.json` of Hugging Face (https://huggingface.co/docs/tokenizers), with the `tokenizer_config.json` beside it where there is one. What was read is kept by
 * path, size and time. Throws AppError 'bad-data'.
 */
export function openTokenizer(file: string): OpenedTokenizer {
  const state = file === '' ? undefined : statSync(file, { throwIfNoEntry: false });
  if (state?.isFile() !== true) {
    const what =
      file === '' ? 'The path of the tokenizer is not given.' : `There is no tokenizer ${path.resolve(file)}.`;
    throw badData(what, { hint: 'Set tokenizer to the tokenizer.json of the model.' });
  }
  const key = `${file}\0${state.size}\0${state.mtimeMs}`;
  const known = opened.get(key) ?? readTokenizer(file);
  opened.clear();
  opened.set(key, known);
  return known;
}

function readTokenizer(file: string): OpenedTokenizer {
  const bytes = readFileSync(file);
  const tokenizer = makeTokenizer(file, bytes);
  const facts: VocabularyFacts = {
    kind: 'tokenizer',
    size: [...tokenizer.get_vocab(true).values()].reduce((most, id) => Math.max(most, id + 1), 0),
    ...specialTokens(tokenizer),
    file: path.resolve(file),
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
  return {
    facts,
    encode: (text, framed = false) => tokenizer.encode(text, { add_special_tokens: framed }).ids,
    decode: (tokens) => (tokens.length === 0 ? '' : tokenizer.decode([...tokens], { skip_special_tokens: true })),
  };
}

function makeTokenizer(file: string, bytes: Buffer): Tokenizer {
  try {
    return new Tokenizer(JSON.parse(bytes.toString('utf8')), configBeside(file));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw badData(`The tokenizer cannot be read: ${why}`, {
      file,
      hint: 'Take the tokenizer.json that was published with the model.',
      cause,
    });
  }
}

function configBeside(file: string): object {
  const config = path.join(path.dirname(file), 'tokenizer_config.json');
  if (statSync(config, { throwIfNoEntry: false })?.isFile() !== true) return {};
  const parsed: unknown = JSON.parse(readFileSync(config, 'utf8'));
  return typeof parsed === 'object' && parsed !== null ? parsed : {};
}

/** Names by which tokenizers call their special tokens. One without padding is padded with the token that ends texts, as its users do. */
const names = {
  pad: ['<pad>', '[PAD]', '<|pad|>', '<|padding|>', '<|endoftext|>', '</s>', '<|end_of_text|>', '<eos>'],
  mask: ['<mask>', '[MASK]', '<|mask|>'],
  unknown: ['<unk>', '[UNK]', '<|unk|>'],
} as const;

function specialTokens(tokenizer: Tokenizer): Pick<VocabularyFacts, 'pad' | 'mask' | 'unknown'> {
  const find = (of: readonly string[]) => of.map((name) => tokenizer.token_to_id(name)).find((id) => id !== undefined);
  const [pad = 0, mask, unknown] = [find(names.pad), find(names.mask), find(names.unknown)];
  return { pad, ...(mask === undefined ? {} : { mask }), ...(unknown === undefined ? {} : { unknown }) };
}
