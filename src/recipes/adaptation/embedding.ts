import { AppError } from '../../base/errors.ts';
import type { OnnxModel, OnnxNode } from '../../graph/index.ts';

/** The Gather that looks tokens up in a table of the file; between the input and it there may be changes of shape and type. Throws AppError 'bad-config' where there is none. */
export function embeddingOf({ graph }: OnnxModel, tokens: string): OnnxNode {
  const tensors = new Set(graph.initializers.map(({ name }) => name));
  const same = new Set([tokens]);
  for (const node of graph.nodes) {
    if (node.type === 'Gather' && tensors.has(node.inputs[0]!) && same.has(node.inputs[1]!)) return node;
    const keeps = node.type === 'Reshape' || node.type === 'Cast' || node.type === 'Identity';
    if (keeps && same.has(node.inputs[0]!)) for (const output of node.outputs) same.add(output);
  }
  throw new AppError(
    'bad-config',
    `The model looks "${tokens}" up in no table of embeddings, so a soft prompt has no place in it.`,
    {
      hint: 'Set adapt to lora.',
    },
  );
}
