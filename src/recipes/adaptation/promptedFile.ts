import {
  intAttribute,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValueInfo,
  packNumbers,
} from '../../graph/index.ts';
import { embeddingOf } from './embedding.ts';

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
    const single = (name: string, value: number) => tensor(name, 'int64', [1], [value]);
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
    this.tensors.push(tensor(own('ones'), dtype, [1, this.#count], new Array<number>(this.#count).fill(1)));
    return [
      node('Shape', [name], own('shape')),
      node('Slice', [own('shape'), names.zero, names.one], own('batch')),
      node('Concat', [own('batch'), names.count], own('wanted'), { axis: 0 }),
      node('Expand', [own('ones'), own('wanted')], own('room')),
      node('Concat', [own('room'), name], inner(name), { axis: 1 }),
    ];
  }

  /** The embeddings of the first tokens replaced by the prompt. */
  prompted(lookup: OnnxNode, values: Float32Array): readonly OnnxNode[] {
    const embedded = lookup.outputs[0]!;
    const own = (part: string) => `${embedded}:${part}`;
    this.tensors.push(tensor(names.prompt, 'float32', [1, this.#count, values.length / this.#count], values));
    return [
      { ...lookup, outputs: [own('tokens')] },
      node('Slice', [own('tokens'), names.count, names.end, names.one], own('rest')),
      node('Shape', [own('tokens')], own('shape')),
      node('Slice', [own('shape'), names.zero, names.one], own('batch')),
      node('Concat', [own('batch'), names.one, names.one], own('wanted'), { axis: 0 }),
      node('Expand', [names.prompt, own('wanted')], own('prompt')),
      node('Concat', [own('prompt'), own('rest')], embedded, { axis: 1 }),
    ];
  }

  /** [batch, count + tokens, …] → [batch, tokens, …]. */
  shorten({ name }: OnnxValueInfo): readonly OnnxNode[] {
    return [node('Slice', [inner(name), names.count, names.end, names.one], name)];
  }
}

const names = {
  zero: 'trainyard/zero',
  one: 'trainyard/one',
  count: 'trainyard/count',
  end: 'trainyard/end',
  prompt: 'trainyard/prompt',
} as const;

function node(
  type: string,
  inputs: readonly string[],
  output: string,
  attributes: { readonly axis?: number } = {},
): OnnxNode {
  const { axis } = attributes;
  return {
    name: output,
    type,
    domain: '',
    inputs,
    outputs: [output],
    attributes: axis === undefined ? {} : { axis: intAttribute(axis) },
  };
}

function tensor(
  name: string,
  dtype: OnnxTensor['dtype'],
  shape: readonly number[],
  values: ArrayLike<number>,
): OnnxTensor {
  return { name, dtype, shape, data: packNumbers(values, dtype) };
}

function isWeight({ graph }: OnnxModel, name: string): boolean {
  return graph.initializers.some((each) => each.name === name);
}
