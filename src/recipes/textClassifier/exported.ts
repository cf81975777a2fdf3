import { intAttribute, type OnnxModel, type OnnxNode, type OnnxTensor, packNumbers } from '../../graph/index.ts';
import type { Adaptation } from '../adaptation/adapt.ts';
import { type Learned, rewrittenModel } from '../adaptation/rewrite.ts';
import type { TokenFacts } from '../data.ts';
import { modelScope, tokenInput } from '../finetuneLanguage/network.ts';
import { headScope } from './head.ts';

/** What the file of a text classifier is made of. */
export interface ExportedHead {
  readonly model: OnnxModel;
  readonly adaptation: Adaptation;
  readonly facts: TokenFacts;
  /** The value that the new last layer sees. */
  readonly features: string;
  /** Whether it has to be averaged over the tokens. */
  readonly perToken: boolean;
}

/** The file's model with what was learned in it, up to its features, with the new last layer behind them: output `class_logits` [batch, classes], since the model may have a value `logits` already. */
export function exportedClassifier(
  { model, adaptation, facts, features, perToken }: ExportedHead,
  learned: Learned,
): OnnxModel {
  const tokens = tokenInput(model).name;
  const adapted = rewrittenModel(model, adaptation, tokens, (name) => learned(`${modelScope}/${name}`));
  const [weight, bias] = [learned(`${headScope}/weight`)!, learned(`${headScope}/bias`)!];
  const width = weight.length / facts.classes;
  const pool = perToken ? meanNodes(tokens, features) : [];
  const seen = perToken ? own('mean') : features;
  const nodes = [
    ...adapted.graph.nodes,
    ...pool,
    node('MatMul', [seen, own('weight')], own('product')),
    node('Add', [own('product'), own('bias')], output),
  ];
  const added = [
    tensor(own('weight'), 'float32', [width, facts.classes], weight),
    tensor(own('bias'), 'float32', [facts.classes], bias),
    ...(perToken ? meanTensors(facts, width) : []),
  ];
  const needed = neededFor(nodes, output);
  const used = new Set(needed.flatMap(({ inputs }) => inputs));
  const { graph } = adapted;
  return {
    ...adapted,
    graph: {
      ...graph,
      nodes: needed,
      initializers: [...graph.initializers, ...added].filter(({ name }) => used.has(name)),
      inputs: graph.inputs.filter(({ name }) => used.has(name)),
      outputs: [{ name: output, dtype: 'float32', shape: ['batch', facts.classes] }],
    },
  };
}

const output = 'class_logits';

function own(part: string): string {
  return `trainyard/${part}`;
}

/** The mean over the tokens that are no padding. Features with both axes in one are put apart by the shape of the tokens. */
function meanNodes(tokens: string, features: string): readonly OnnxNode[] {
  return [
    node('Shape', [tokens], own('shape')),
    node('Concat', [own('shape'), own('width')], own('apart'), { axis: intAttribute(0) }),
    node('Reshape', [features, own('apart')], own('features')),
    node('Equal', [tokens, own('pad')], own('padding')),
    node('Not', [own('padding')], own('visible')),
    node('Cast', [own('visible')], own('visibleNumbers'), { to: intAttribute(1) }),
    node('Unsqueeze', [own('visibleNumbers'), own('last')], own('column')),
    node('Mul', [own('features'), own('column')], own('counted')),
    node('ReduceSum', [own('counted'), own('first')], own('total'), { keepdims: intAttribute(0) }),
    node('ReduceSum', [own('column'), own('first')], own('count'), { keepdims: intAttribute(0) }),
    node('Div', [own('total'), own('count')], own('mean')),
  ];
}

function meanTensors({ vocabulary }: TokenFacts, width: number): readonly OnnxTensor[] {
  return [
    tensor(own('width'), 'int64', [1], [width]),
    tensor(own('pad'), 'int64', [], [vocabulary.pad]),
    tensor(own('last'), 'int64', [1], [2]),
    tensor(own('first'), 'int64', [1], [1]),
  ];
}

/** The nodes that lead to a value, in their order. */
function neededFor(nodes: readonly OnnxNode[], wanted: string): readonly OnnxNode[] {
  const needed = new Set([wanted]);
  const kept: OnnxNode[] = [];
  for (const each of nodes.toReversed()) {
    if (!each.outputs.some((name) => needed.has(name))) continue;
    for (const input of each.inputs) needed.add(input);
    kept.push(each);
  }
  return kept.reverse();
}

function node(
  type: string,
  inputs: readonly string[],
  made: string,
  attributes: OnnxNode['attributes'] = {},
): OnnxNode {
  return { name: made, type, domain: '', inputs, outputs: [made], attributes };
}

function tensor(
  name: string,
  dtype: OnnxTensor['dtype'],
  shape: readonly number[],
  values: ArrayLike<number>,
): OnnxTensor {
  return { name, dtype, shape, data: packNumbers(values, dtype) };
}
