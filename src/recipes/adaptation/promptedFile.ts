import { intAttribute, type OnnxModel, type OnnxNode, type OnnxTensor, type OnnxValueInfo } from '../../graph/index.ts';
import { embeddingOf } from './embedding.ts';
import { onnxNode, onnxTensor } from './onnxParts.ts';
import type { PromptRoom } from './promptRoom.ts';

/** A learned soft prompt and its places: [count, width], row-major. */
export interface SoftPrompt extends PromptRoom {
  readonly values: Float32Array;
}

/**
 * A language model's file with a soft prompt among its tokens. Every input [batch, tokens] gets `count` more places, the embeddings that are looked up for them are replaced by the prompt,
 * and outputs [batch, tokens, …] lose them again, so that the file is used as before.
 */
export function withSoftPrompt(model: OnnxModel, tokens: string, prompt: SoftPrompt): OnnxModel {
  const { graph } = model;
  const lookup = embeddingOf(model, tokens);
  const parts = new RoomNodes(prompt);
  const lengthened = graph.inputs.filter(({ shape, name }) => shape.length === 2 && !isWeight(model, name));
  const shortened = graph.outputs.filter(({ shape }) => shape.length === 3);
  const renamed = new Map([...lengthened, ...shortened].map(({ name }) => [name, inner(name)]));
  const within = (name: string) => renamed.get(name) ?? name;
  const before = lengthened.flatMap((info) => parts.lengthen(info, inner(info.name)));
  const body = graph.nodes.flatMap((node) => {
    const own = { ...node, inputs: node.inputs.map(within), outputs: node.outputs.map(within) };
    return node === lookup ? parts.prompted(own, prompt.values) : [own];
  });
  const behind = shortened.flatMap(({ name }) => parts.without(inner(name), name));
  return {
    ...model,
    graph: {
      ...graph,
      nodes: [...before, ...body, ...behind],
      initializers: [...graph.initializers, ...parts.tensors],
    },
  };
}

/** What a name of the file's outside is called inside. */
function inner(name: string): string {
  return `trainyard/${name}`;
}

/** Nodes that make, fill and take away the places of a prompt, and the tensors that they need. */
export class RoomNodes {
  readonly tensors: OnnxTensor[] = [];
  readonly #room: PromptRoom;

  constructor(room: PromptRoom) {
    this.#room = room;
    const single = (name: string, value: number) => this.tensors.push(onnxTensor(name, 'int64', [1], [value]));
    single(names.zero, 0);
    single(names.one, 1);
    single(names.count, room.count);
    single(names.start, room.behind);
    single(names.stop, room.behind + room.count);
    single(names.end, 2 ** 31 - 1);
  }

  /** [batch, tokens] → with the room: ones there, which are visible where they are a mask, and are looked up for nothing elsewhere. */
  lengthen({ name, dtype }: OnnxValueInfo, output: string): readonly OnnxNode[] {
    const own = partOf(inner(name));
    this.tensors.push(
      onnxTensor(own('ones'), dtype, [1, this.#room.count], new Array<number>(this.#room.count).fill(1)),
    );
    return [
      ...batchOf(name, own),
      onnxNode('Concat', [own('batch'), names.count], own('wanted'), { axis: intAttribute(0) }),
      onnxNode('Expand', [own('ones'), own('wanted')], own('room')),
      ...this.#inserted(name, names.start, own('room'), output),
    ];
  }

  /** The embeddings in the room replaced by the prompt. */
  prompted(lookup: OnnxNode, values: Float32Array): readonly OnnxNode[] {
    const { count } = this.#room;
    const embedded = lookup.outputs[0]!;
    const own = partOf(embedded);
    this.tensors.push(onnxTensor(names.prompt, 'float32', [1, count, values.length / count], values));
    return [
      { ...lookup, outputs: [own('tokens')] },
      ...batchOf(own('tokens'), own),
      onnxNode('Concat', [own('batch'), names.one, names.one], own('wanted'), { axis: intAttribute(0) }),
      onnxNode('Expand', [names.prompt, own('wanted')], own('prompt')),
      ...this.#inserted(own('tokens'), names.stop, own('prompt'), embedded),
    ];
  }

  /** [batch, tokens with the room, …] → [batch, tokens, …]. */
  without(value: string, output: string): readonly OnnxNode[] {
    const own = partOf(value);
    const rest = (to: string) => onnxNode('Slice', [value, names.stop, names.end, names.one], to);
    if (this.#room.behind === 0) return [rest(output)];
    return [this.#ahead(value, own('ahead')), rest(own('rest')), concatNode([own('ahead'), own('rest')], output)];
  }

  /** `filling` behind the tokens that stay ahead, and ahead of those from `from` on. */
  #inserted(value: string, from: string, filling: string, output: string): readonly OnnxNode[] {
    const own = partOf(value);
    const rest = onnxNode('Slice', [value, from, names.end, names.one], own('rest'));
    if (this.#room.behind === 0) return [rest, concatNode([filling, own('rest')], output)];
    return [this.#ahead(value, own('ahead')), rest, concatNode([own('ahead'), filling, own('rest')], output)];
  }

  #ahead(value: string, output: string): OnnxNode {
    return onnxNode('Slice', [value, names.zero, names.start, names.one], output);
  }
}

function partOf(value: string): (part: string) => string {
  return (part) => `${value}:${part}`;
}

function batchOf(value: string, own: (part: string) => string): readonly OnnxNode[] {
  return [
    onnxNode('Shape', [value], own('shape')),
    onnxNode('Slice', [own('shape'), names.zero, names.one], own('batch')),
  ];
}

function concatNode(inputs: readonly string[], output: string): OnnxNode {
  return onnxNode('Concat', inputs, output, { axis: intAttribute(1) });
}

const names = {
  zero: 'trainyard/room:zero',
  one: 'trainyard/room:one',
  count: 'trainyard/room:count',
  start: 'trainyard/room:start',
  stop: 'trainyard/room:stop',
  end: 'trainyard/room:end',
  prompt: 'trainyard/prompt',
} as const;

function isWeight({ graph }: OnnxModel, name: string): boolean {
  return graph.initializers.some((each) => each.name === name);
}
