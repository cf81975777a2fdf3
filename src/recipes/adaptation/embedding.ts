import { AppError } from '../../base/errors.ts';
import type { OnnxModel, OnnxNode } from '../../graph/index.ts';

/** Where a model looks its tokens up. */
export interface EmbeddingTable {
  /** The Gather. */
  readonly node: OnnxNode;
  /** How many tokens have a row. */
  readonly rows: number;
}

/** The table in which a model looks its tokens up; between the input and it there may be changes of shape and type. */
export function findEmbedding({ graph }: OnnxModel, tokens: string): EmbeddingTable | undefined {
  const tables = new Map(graph.initializers.map(({ name, shape }) => [name, shape]));
  const same = new Set([tokens]);
  for (const node of graph.nodes) {
    const [first = '', second = ''] = node.inputs;
    const rows = tables.get(first)?.[0];
    if (node.type === 'Gather' && rows !== undefined && same.has(second)) return { node, rows };
    const keeps = node.type === 'Reshape' || node.type === 'Cast' || node.type === 'Identity';
    if (keeps && same.has(first)) for (const output of node.outputs) same.add(output);
  }
  return undefined;
}

/** The Gather of that table. Throws AppError 'bad-config' where there is none. */
export function embeddingOf(model: OnnxModel, tokens: string): OnnxNode {
  const found = findEmbedding(model, tokens);
  if (found !== undefined) return found.node;
  throw new AppError('bad-config', `The model looks "${tokens}" up in no table, so a soft prompt has no place in it.`, {
    hint: 'Set adapt to lora.',
  });
}
