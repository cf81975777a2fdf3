import type { OpName } from './attributes.ts';
import { cast } from './build/unary.ts';
import type { BaseGraph, Node, Value } from './ir.ts';
import { sizeOf } from './shape.ts';
import { nodesBehind } from './traverse.ts';

/** A 16-bit type for the factors of products. */
export type HalfType = 'float16' | 'bfloat16';

export interface ProductPrecision {
  readonly type: HalfType;
  /**
   * False: products run in the 16-bit type itself. True: factors and results are rounded to it, and the product is computed in float32, for devices
   * without kernels for the type. The numbers are those of a device that sums in float32, as CUDA does and WebGPU does not for float16; nothing becomes faster.
   */
  readonly emulated: boolean;
}

/**
 * The same values with every product of float32 numbers (matrix products and convolutions, also those of derivatives) taken between factors of 16 bits,
 * as in Micikevicius et al., "Mixed Precision Training" (arXiv 1710.03740, section 3), and PyTorch's autocast. All else stays float32: parameters, sums,
 * norms, softmax, losses. Operations that only move numbers follow the type of what they move, since rounding and moving commute: a factor is rounded
 * once, however many products use it, and what passes from product to product stays short.
 *
 * Meant for outputs that derivatives were already taken of. The derivative of a rounding is taken to be 1, so that to round before or after
 * differentiation is the same, but for sums of several contributions, which are float32 here.
 */
export function withHalfProducts(outputs: readonly Value[], precision: ProductPrecision): readonly Value[] {
  const graph = outputs[0]?.graph;
  if (graph === undefined) return [];
  const nodes = nodesBehind(outputs);
  const rewriting = new Rewriting(graph, precision, roundedProducts(nodes, precision));
  for (const node of nodes) rewriting.visit(node);
  return outputs.map((output) => rewriting.full(output));
}

/** Operations of which the factors are rounded, where the type has kernels for them (src/graph/kernels.ts: bfloat16 has none for ConvTranspose). */
const products: Readonly<Record<HalfType, ReadonlySet<OpName>>> = {
  float16: new Set<OpName>(['MatMul', 'Conv', 'ConvTranspose']),
  bfloat16: new Set<OpName>(['MatMul', 'Conv']),
};

/**
 * Products that are computed in float32 from rounded factors though the others are not. bfloat16 convolutions make a model one of operator set 22, at which
 * MaxPool has no kernel on CUDA (seen with the provider of ONNX Runtime 1.29: test/gpu/standIn); on tensor cores such a product is TF32, which holds
 * every bfloat16, so its numbers are the same.
 */
function roundedProducts(nodes: readonly Node[], { type, emulated }: ProductPrecision): ReadonlySet<OpName> {
  if (emulated) return products[type];
  const isHeldBack = type === 'bfloat16' && nodes.some(({ op }) => op === 'MaxPool');
  return new Set<OpName>(isHeldBack ? ['Conv'] : []);
}

/** Operations that move numbers without changing them and have kernels for both types. */
const movements: ReadonlySet<OpName> = new Set<OpName>([
  'Reshape',
  'Transpose',
  'Expand',
  'Slice',
  'Concat',
  'Split',
  'StopGradient',
]);

/**
 * What a node moves, or null where it does more than that. A Gather that makes more of its numbers than there were, as for the columns of a convolution, moves
 * them as well; of one that picks few, such as rows of a table of embeddings, only those few should be rounded.
 */
function movedBy(node: Node): readonly Value[] | null {
  if (movements.has(node.op)) return node.inputs;
  const [source] = node.inputs;
  const isSpread = node.op === 'Gather' && sizeOf(node.outputs[0]!.shape) >= sizeOf(source!.shape);
  return isSpread ? [source!] : null;
}

class Rewriting {
  readonly #graph: BaseGraph;
  readonly #precision: ProductPrecision;
  readonly #rounded: ReadonlySet<OpName>;
  /** Values as float32, or as what they are. */
  readonly #full = new Map<Value, Value>();
  /** Values of 16 bits, or rounded to them. */
  readonly #half = new Map<Value, Value>();
  /** Values that a product made, also where they were moved since: their rounded form costs nothing. */
  readonly #shortBorn = new Set<Value>();

  constructor(graph: BaseGraph, precision: ProductPrecision, rounded: ReadonlySet<OpName>) {
    this.#graph = graph;
    this.#precision = precision;
    this.#rounded = rounded;
  }

  /** Takes over a node whose inputs were all visited. What only moves numbers waits until somebody asks for one of its forms. */
  visit(node: Node): void {
    const moved = movedBy(node);
    const numbers = moved ?? node.inputs;
    const short = numbers.length > 0 && numbers.every((input) => input.dtype === 'float32');
    if (short && products[this.#precision.type].has(node.op)) this.#visitProduct(node);
    else if (!short || moved === null) this.#visitOther(node);
    else if (moved.every((input) => this.#shortBorn.has(input))) {
      for (const output of node.outputs) this.#shortBorn.add(output);
    }
  }

  /** The form in which everything but products takes a value. */
  full(value: Value): Value {
    const known = this.#full.get(value);
    if (known !== undefined) return known;
    if (value.node === null) return value;
    if (this.#shortBorn.has(value)) {
      const made = this.#inScope(value.node, () => cast(this.#shortForm(value), 'float32'));
      this.#full.set(value, made);
      return made;
    }
    this.#move(value.node, this.#full, (input) => this.full(input));
    return this.#full.get(value)!;
  }

  #visitProduct(node: Node): void {
    const isRounded = this.#rounded.has(node.op);
    const made = this.#again(node, (input) => this.#factor(node, this.#shortForm(input)));
    node.outputs.forEach((output, i) => {
      this.#shortBorn.add(output);
      this.#half.set(output, isRounded ? this.#round(node, made[i]!) : made[i]!);
    });
  }

  /** A short value as a product takes it. */
  #factor(node: Node, short: Value): Value {
    if (!this.#rounded.has(node.op) || short.dtype === 'float32') return short;
    return this.#inScope(node, () => cast(short, 'float32'));
  }

  #visitOther(node: Node): void {
    const made = this.#again(node, (input) => this.full(input));
    node.outputs.forEach((output, i) => {
      this.#full.set(output, made[i]!);
    });
  }

  #shortForm(value: Value): Value {
    // The indices of a Gather are no numbers to be rounded.
    if (value.dtype !== 'float32') return this.full(value);
    const known = this.#half.get(value);
    if (known !== undefined) return known;
    const { node } = value;
    // A part of a longer vector is rounded alone, since the rest of it may not be needed.
    const follows = node !== null && movedBy(node) !== null && (node.op !== 'Split' || this.#shortBorn.has(value));
    if (follows) this.#move(node, this.#half, (input) => this.#shortForm(input));
    else this.#half.set(value, this.#round(node, this.full(value)));
    return this.#half.get(value)!;
  }

  #round(node: Node | null, value: Value): Value {
    const { type, emulated } = this.#precision;
    return this.#inScope(node, () => (emulated ? cast(cast(value, type), 'float32') : cast(value, type)));
  }

  #move(node: Node, forms: Map<Value, Value>, form: (input: Value) => Value): void {
    const made = this.#again(node, form);
    node.outputs.forEach((output, i) => {
      forms.set(output, made[i]!);
    });
  }

  /** The node on other forms of its inputs; the node itself where they are the same. */
  #again(node: Node, form: (input: Value) => Value): readonly Value[] {
    const inputs = node.inputs.map(form);
    if (inputs.every((input, i) => input === node.inputs[i])) return node.outputs;
    return this.#inScope(node, () => this.#graph.apply(node.op, inputs, node.attributes));
  }

  #inScope<T>(node: Node | null, build: () => T): T {
    return this.#graph.scope(node?.scope ?? '', build);
  }
}
