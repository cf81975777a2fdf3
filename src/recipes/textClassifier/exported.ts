import { intAttribute, type OnnxModel, type OnnxNode, type OnnxTensor } from '../../graph/index.ts';
import type { Adaptation } from '../adaptation/adaptation.ts';
import { onnxNode, onnxTensor } from '../adaptation/onnxParts.ts';
import { RoomNodes } from '../adaptation/promptedFile.ts';
import { roomOf } from '../adaptation/promptRoom.ts';
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
  const adapted = rewrittenModel(withoutOutputs(model), adaptation, tokens, (name) => learned(`${modelScope}/${name}`));
  const [weight, bias] = [learned(`${headScope}/weight`)!, learned(`${headScope}/bias`)!];
  const width = weight.length / facts.classes;
  const room = new RoomNodes(roomOf(adaptation));
  const pool = perToken ? meanNodes(tokens, features, room) : [];
  const seen = perToken ? own('mean') : features;
  const nodes = [
    ...adapted.graph.nodes,
    ...pool,
    onnxNode('MatMul', [seen, own('weight')], own('product')),
    onnxNode('Add', [own('product'), own('bias')], output),
  ];
  const added = [
    onnxTensor(own('weight'), 'float32', [width, facts.classes], weight),
    onnxTensor(own('bias'), 'float32', [facts.classes], bias),
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
      initializers: [...withoutDoubles([...graph.initializers, ...room.tensors]), ...added].filter(({ name }) =>
        used.has(name),
      ),
      inputs: graph.inputs.filter(({ name }) => used.has(name)),
      outputs: [{ name: output, dtype: 'float32', shape: ['batch', facts.classes] }],
    },
  };
}

const output = 'class_logits';

function own(part: string): string {
  return `trainyard/class:${part}`;
}

/** Values inside keep their names and places then, whatever is done to outputs. */
function withoutOutputs(model: OnnxModel): OnnxModel {
  return { ...model, graph: { ...model.graph, outputs: [] } };
}

/** The mean over the tokens that are no padding and no prompt. Features with both axes in one are put apart by the number of texts. */
function meanNodes(tokens: string, features: string, room: RoomNodes): readonly OnnxNode[] {
  return [
    onnxNode('Shape', [tokens], own('shape')),
    onnxNode('Slice', [own('shape'), own('start'), own('first')], own('batch')),
    onnxNode('Concat', [own('batch'), own('rest'), own('width')], own('apart'), { axis: intAttribute(0) }),
    onnxNode('Reshape', [features, own('apart')], own('places')),
    ...room.without(own('places'), own('features')),
    onnxNode('Equal', [tokens, own('pad')], own('padding')),
    onnxNode('Not', [own('padding')], own('visible')),
    onnxNode('Cast', [own('visible')], own('visibleNumbers'), { to: intAttribute(1) }),
    onnxNode('Unsqueeze', [own('visibleNumbers'), own('last')], own('column')),
    onnxNode('Mul', [own('features'), own('column')], own('counted')),
    onnxNode('ReduceSum', [own('counted'), own('first')], own('total'), { keepdims: intAttribute(0) }),
    onnxNode('ReduceSum', [own('column'), own('first')], own('count'), { keepdims: intAttribute(0) }),
    onnxNode('Div', [own('total'), own('count')], own('mean')),
  ];
}

function meanTensors({ vocabulary }: TokenFacts, width: number): readonly OnnxTensor[] {
  return [
    onnxTensor(own('width'), 'int64', [1], [width]),
    onnxTensor(own('rest'), 'int64', [1], [-1]),
    onnxTensor(own('start'), 'int64', [1], [0]),
    onnxTensor(own('pad'), 'int64', [], [vocabulary.pad]),
    onnxTensor(own('last'), 'int64', [1], [2]),
    onnxTensor(own('first'), 'int64', [1], [1]),
  ];
}

/** The places of a prompt are known to the adapted model already, where it has one. */
function withoutDoubles(tensors: readonly OnnxTensor[]): readonly OnnxTensor[] {
  return [...new Map(tensors.map((tensor) => [tensor.name, tensor])).values()];
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
