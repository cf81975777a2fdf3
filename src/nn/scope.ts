import { type BaseGraph, Graph, type Initializer, type Value } from '../graph/index.ts';

/** One trainable tensor. The order of a list of them is the order in the flat vector. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initializer: Initializer;
  /** Whether weight decay applies: true for matrices and kernels, false for biases, gains and embeddings. */
  readonly decay: boolean;
}

/** The view of a parameter inside a graph, by name: a view of the flat vector in training, a constant in an exported model. */
export type ParameterView = (name: string) => Value;

/**
 * Where layers get their parameters from. A network is a function of a scope; calling it twice with the same scope uses the same
 * parameters twice. Names are joined by slashes: `block2/attention/qkv/weight`.
 */
export interface Scope {
  readonly graph: BaseGraph;
  /** The parameter of this name within the scope. Its shape must be the same at every call. */
  parameter(name: string, shape: readonly number[], initializer: Initializer, options?: { decay?: boolean }): Value;
  /** Builds a part of the network under a name of its own, which also names its nodes in profiles. */
  within<T>(name: string, build: (scope: Scope) => T): T;
}

/** The parameters that a network asks for, in the order of its first requests. `build` runs in a throw-away graph. */
export function collectParameters(build: (scope: Scope) => void): readonly ParameterSpec[] {
  const specs = new Map<string, ParameterSpec>();
  const graph = new Graph();
  const view = (spec: ParameterSpec) => {
    if (!specs.has(spec.name)) {
      specs.set(spec.name, spec);
      graph.input(spec.name, spec.shape);
    }
    return graph.inputs.find((input) => input.source.kind === 'input' && input.source.name === spec.name)!;
  };
  build(makeScope(graph, '', view));
  return [...specs.values()];
}

/** A scope whose parameters are looked up by name. */
export function readingScope(graph: BaseGraph, view: ParameterView): Scope {
  return makeScope(graph, '', ({ name }) => view(name));
}

function makeScope(graph: BaseGraph, prefix: string, view: (spec: ParameterSpec) => Value): Scope {
  const join = (name: string) => (prefix === '' ? name : `${prefix}/${name}`);
  return {
    graph,
    parameter(name, shape, initializer, { decay = shape.length > 1 } = {}) {
      return view({ name: join(name), shape, initializer, decay });
    },
    within(name, build) {
      return graph.scope(name, () => build(makeScope(graph, join(name), view)));
    },
  };
}
