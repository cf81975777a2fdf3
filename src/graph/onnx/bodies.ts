import type { OnnxGraph, OnnxNode } from './model.ts';

/** The same node, with the bodies of a loop changed. */
export function withBodies(node: OnnxNode, change: (body: OnnxGraph) => OnnxGraph): OnnxNode {
  const attributes = Object.entries(node.attributes).map(([name, attribute]) => [
    name,
    attribute.kind === 'graph' ? { ...attribute, value: change(attribute.value) } : attribute,
  ]);
  return { ...node, attributes: Object.fromEntries(attributes) };
}
