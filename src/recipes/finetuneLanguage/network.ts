import { AppError } from '../../base/errors.ts';
import {
  cast,
  equal,
  expand,
  importModel,
  mul,
  narrow,
  not,
  type OnnxModel,
  type OnnxValueInfo,
  range,
  unsqueeze,
  type Value,
} from '../../graph/index.ts';
import { atPlaces } from '../../nn/embeddings.ts';
import type { Scope } from '../../nn/scope.ts';
import { adaptedImport } from '../adaptation/adapt.ts';
import type { Adaptation, AdaptedImport } from '../adaptation/adaptation.ts';
import { findEmbedding } from '../adaptation/embedding.ts';
import { type PromptRoom, roomOf, withRoom } from '../adaptation/promptRoom.ts';
import type { TokenFacts } from '../data.ts';
import type { TokenNetwork } from '../languageModel/tokenNetwork.ts';

/** Parameters stand under this name, and under the ones that the file gives them. */
export const modelScope = 'model';

/** A language model of a file with what is adapted as parameters: tokens [N, tokens] → its logits [N, tokens, its vocabulary]. */
export function importedLanguageModel(model: OnnxModel, adaptation: Adaptation, facts: TokenFacts): TokenNetwork {
  return (scope, tokens, pass) => {
    const { outputs } = runModel(scope, tokens, model, adaptation, facts, logitsOf(model).name);
    const all = outputs.get(logitsOf(model).name)!;
    const logits = narrow(all, 1, all.shape[1]! - tokens.shape[1]!, tokens.shape[1]!);
    checkLogits(logits, tokens, facts);
    return pass.places === undefined ? logits : atPlaces(logits, pass.places);
  };
}

/** The model up to a value, its adapted parts as parameters of a scope. */
export function runModel(
  scope: Scope,
  tokens: Value,
  model: OnnxModel,
  adaptation: Adaptation,
  facts: TokenFacts,
  output: string,
) {
  return scope.within(modelScope, (inner) => {
    const adapted = adaptedImport(inner, model, adaptation, tokenInput(model).name);
    return runImported(tokens, model, facts, output, roomOf(adaptation), adapted);
  });
}

/** The model up to a value as options of its import make it, with room among the tokens for a prompt. */
export function runImported(
  tokens: Value,
  model: OnnxModel,
  facts: TokenFacts,
  output: string,
  room: PromptRoom,
  adapted: AdaptedImport,
) {
  const input = tokenInput(model);
  const fed = withAnyTokens(tokens, room, facts);
  checkSizes(input, fed);
  checkVocabulary(model, input, facts);
  return importModel(model, { inputs: modelInputs(model, input, fed, facts), outputs: [output], ...adapted });
}

/** The input of token numbers: whole numbers [batch, tokens] that are called neither mask nor position nor type. */
export function tokenInput(model: OnnxModel): OnnxValueInfo {
  const inputs = freeInputs(model);
  const found = inputs.find(
    ({ name, dtype, shape }) => isWhole(dtype) && shape.length === 2 && roleOf(name) === 'tokens',
  );
  const other = inputs.find(({ dtype, shape }) => !isWhole(dtype) || shape.length !== 2);
  if (found !== undefined && other === undefined) return found;
  const why =
    found === undefined
      ? 'it has no input of token numbers [batch, tokens]'
      : `its input "${other!.name}" is nothing that a language model in training needs`;
  throw new AppError('bad-config', `The model is no language model that can be trained here: ${why}.`, {
    hint: 'Export it with token numbers as input and without a cache (use_cache=False).',
  });
}

type Role = 'tokens' | 'visible' | 'types' | 'positions';

const roles: readonly (readonly [RegExp, Role])[] = [
  [/mask/i, 'visible'],
  [/type|segment/i, 'types'],
  [/position/i, 'positions'],
];

export function roleOf(name: string): Role {
  return roles.find(([pattern]) => pattern.test(name))?.[1] ?? 'tokens';
}

/** What each input is fed, from the tokens alone. All are [N, tokens]. */
const feeds: { readonly [R in Role]: (tokens: Value, facts: TokenFacts) => Value } = {
  tokens: (tokens) => tokens,
  visible: (tokens, { vocabulary }) => cast(not(equal(tokens, vocabulary.pad)), 'int64'),
  types: (tokens) => mul(tokens, 0),
  positions: (tokens) => expand(unsqueeze(range(tokens.graph, tokens.shape[1]!), [0]), tokens.shape),
};

function modelInputs(model: OnnxModel, input: OnnxValueInfo, tokens: Value, facts: TokenFacts): Record<string, Value> {
  return Object.fromEntries(
    freeInputs(model).map((info) => {
      const role = info === input ? 'tokens' : roleOf(info.name);
      return [info.name, cast(feeds[role](tokens, facts), info.dtype)];
    }),
  );
}

/** Tokens with room for a prompt. What stands there is looked up and thrown away; it must only be no padding, which is not seen. */
function withAnyTokens(tokens: Value, room: PromptRoom, { vocabulary }: TokenFacts): Value {
  if (room.count === 0) return tokens;
  const any = vocabulary.pad === 0 ? 1 : 0;
  return withRoom(
    tokens,
    room,
    tokens.graph.constant(new Array<number>(room.count).fill(any), [1, room.count], 'int64'),
  );
}

export function logitsOf({ graph }: OnnxModel): OnnxValueInfo {
  const found = graph.outputs.find(({ shape, dtype }) => shape.length === 3 && dtype === 'float32');
  if (found !== undefined) return found;
  throw new AppError('bad-config', 'The model gives no logits [batch, tokens, vocabulary].', {
    hint: 'Export the model with its language-model head, for instance AutoModelForCausalLM.',
  });
}

function checkSizes({ name, shape }: OnnxValueInfo, tokens: Value): void {
  const [batch, length] = shape;
  if (typeof batch === 'number' && batch !== tokens.shape[0]) {
    throw new AppError('bad-config', `The model takes ${batch} sequences at once in "${name}", no more and no fewer.`, {
      hint: 'Export it with an open batch size (dynamic_axes or dynamic_shapes).',
    });
  }
  if (typeof length === 'number' && length !== tokens.shape[1]) {
    throw new AppError('bad-config', `The model takes sequences of ${length} tokens, not ${tokens.shape[1]}.`, {
      hint: `Set window to ${length}, less what a soft prompt takes, or export it with an open length.`,
    });
  }
}

function checkLogits({ shape }: Value, tokens: Value, facts: TokenFacts): void {
  const [batch, , size] = shape as [number, number, number];
  if (batch !== tokens.shape[0]) {
    throw new AppError('bad-config', `The model gives logits for ${batch} sequences out of ${tokens.shape[0]}.`, {
      hint: 'Export it with an open batch size (dynamic_axes or dynamic_shapes).',
    });
  }
  if (size < facts.vocabulary.size) throw tooFew(size, facts);
}

function checkVocabulary(model: OnnxModel, { name }: OnnxValueInfo, facts: TokenFacts): void {
  const rows = findEmbedding(model, name)?.rows;
  if (rows !== undefined && rows < facts.vocabulary.size) throw tooFew(rows, facts);
}

function tooFew(known: number, { vocabulary }: TokenFacts): AppError {
  return new AppError('bad-config', `The model knows ${known} tokens, and the data have ${vocabulary.size}.`, {
    hint: "Set vocabulary to tokenizer, and tokenizer to the model's own tokenizer.json.",
  });
}

function freeInputs({ graph }: OnnxModel): readonly OnnxValueInfo[] {
  const weights = new Set(graph.initializers.map(({ name }) => name));
  return graph.inputs.filter(({ name }) => !weights.has(name));
}

function isWhole(dtype: string): boolean {
  return dtype === 'int64' || dtype === 'int32';
}
