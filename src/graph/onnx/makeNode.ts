import type { OnnxNode } from './model.ts';

/** A node of the standard operators with one output, which is named like the node unless another name is given. */
export function makeNode(
  type: string,
  name: string,
  inputs: readonly string[],
  { output = name, attributes = {} }: { readonly output?: string; readonly attributes?: OnnxNode['attributes'] } = {},
): OnnxNode {
  return { name, type, domain: '', inputs, outputs: [output], attributes };
}
