import type { Node, Value } from './ir.ts';

/** The nodes that the outputs depend on, each after the nodes that feed it. Does not recurse: graphs are thousands of nodes deep. */
export function nodesBehind(outputs: readonly Value[]): readonly Node[] {
  const ordered: Node[] = [];
  const done = new Set<Node>();
  const pending = outputs.flatMap((output) => output.node ?? []).reverse();
  while (pending.length > 0) {
    const node = pending.at(-1)!;
    if (done.has(node)) {
      pending.pop();
      continue;
    }
    const before = node.inputs.flatMap((input) => (input.node !== null && !done.has(input.node) ? [input.node] : []));
    if (before.length > 0) {
      pending.push(...before.reverse());
      continue;
    }
    pending.pop();
    done.add(node);
    ordered.push(node);
  }
  return ordered;
}
