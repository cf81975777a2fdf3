import { intAttribute, type OnnxModel, type OnnxNode, type OnnxTensor, type OnnxValueInfo } from '../../graph/index.ts';
import { embeddingOf } from './embedding.ts';
import { onnxNode, onnxTensor } from './onnxParts.ts';

/** A learned soft prompt: [count, width], row-major. */
export interface SoftPrompt {
  readonly count: number;
  readonly values: Float32Array;
}

/**
 * A language model's file with a soft prompt ahead of its tokens. Every input [batch, tokens] gets `count` more places at its start, the embeddings that are
 * looked up for them are replaced by the prompt, and outputs [batch, tokens, …] lose them again, so that the file is used as before.
 */
export function withSoftPrompt(model: OnnxModel, tokens: string, { count, values }: SoftPrompt): OnnxModel {
  const { graph } = model;
  const lookup = embeddingOf(model, tokens);
  const made = new Parts(count);
  const lengthened = graph.inputs.filter(({ shape, name }) => shape.length === 2 && !isWeight(model, name));
  const shortened = graph.outputs.filter(({ shape }) => shape.length === 3);
  const renamed = new Map([...lengthened, ...shortened].map(({ name }) => [name, inner(name)]));
  const within = (name: string) => renamed.get(name) ?? name;
  const before = lengthened.flatMap((info) => made.lengthen(info));
  const body = graph.nodes.flatMap((node) => {
    const own = { ...node, inputs: node.inputs.map(within), outputs: node.outputs.map(within) };
    return node === lookup ? made.prompted(own, values) : [own];
  });
  const behind = shortened.flatMap((info) => made.shorten(info));
  return {
    ...model,
    graph: { ...graph, nodes: [...before, ...body, ...behind], initializers: [...graph.initializers, ...made.tensors] },
  };
}

/** What a name of the file's outside is called inside. */
function inner(name: string): string {
  return `trainyard/${name}`;
}

/** Nodes round the model's own, and the tensors that they need. */
class Parts {
  readonly tensors: OnnxTensor[];
  readonly #count: number;

  constructor(count: number) {
    this.#count = count;
    const single = (name: string, value: number) => onnxTensor(name, 'int64', [1], [value]);
    this.tensors = [
      single(names.zero, 0),
      single(names.one, 1),
      single(names.count, count),
      single(names.end, 2 ** 31 - 1),
    ];
  }

  /** [batch, tokens] → [batch, count + tokens]: ones ahead of the tokens, which are visible where they are a mask, and are looked up for nothing elsewhere. */
  lengthen({ name, dtype }: OnnxValueInfo): readonly OnnxNode[] {
    const own = (part: string) => `trainyard/${name}:${part}`;
    this.tensors.push(onnxTensor(own('ones'), dtype, [1, this.#count], new Array<number>(this.#count).fill(1)));
    return [
      onnxNode('Shape', [name], own('shape')),
      onnxNode('Slice', [own('shape'), names.zero, names.one], own('batch')),
      onnxNode('Concat', [own('batch'), names.count], own('wanted'), { axis: intAttribute(0) }),
      onnxNode('Expand', [own('ones'), own('wanted')], own('room')),
      onnxNode('Concat', [own('room'), name], inner(name), { axis: intAttribute(1) }),
    ];
  }

  /** The embeddings of the first tokens replaced by the prompt. */
  prompted(lookup: OnnxNode, values: Float32Array): readonly OnnxNode[] {
    const embedded = lookup.outputs[0]!;
    const own = (part: string) => `${embedded}:${part}`;
    this.tensors.push(onnxTensor(names.prompt, 'float32', [1, this.#count, values.length / this.#count], values));
    return [
      { ...lookup, outputs: [own('tokens')] },
      onnxNode('Slice', [own('tokens'), names.count, names.end, names.one], own('rest')),
      onnxNode('Shape', [own('tokens')], own('shape')),
      onnxNode('Slice', [own('shape'), names.zero, names.one], own('batch')),
      onnxNode('Concat', [own('batch'), names.one, names.one], own('wanted'), { axis: intAttribute(0) }),
      onnxNode('Expand', [names.prompt, own('wanted')], own('prompt')),
      onnxNode('Concat', [own('prompt'), own('rest')], embedded, { axis: intAttribute(1) }),
    ];
  }

  /** [batch, count + tokens, …] → [batch, tokens, …]. */
  shorten({ name }: OnnxValueInfo): readonly OnnxNode[] {
    return [onnxNode('Slice', [inner(name), names.count, names.end, names.one], name)];
  }
}

const names = {
  zero: 'trainyard/zero',
  one: 'trainyard/one',
  count: 'trainyard/count',
  end: 'trainyard/end',
  prompt: 'trainyard/prompt',
} as const;

function isWeight({ graph }: OnnxModel, name: string): boolean {
  return graph.initializers.some((each) => each.name === name);
}
