import type { OpAttributes, OpName } from './attributes.ts';
import { type DType, isFloating, packNumbers } from './dtype.ts';
import type { OnnxAttribute } from './onnx/model.ts';
import { refuse, type Shape, showShape, sizeOf } from './shape.ts';

/** Where a value comes from. */
export type Source =
  | { readonly kind: 'input'; readonly name: string }
  | { readonly kind: 'constant'; readonly data: Uint8Array; readonly fill: number | null }
  | { readonly kind: 'node'; readonly node: Node; readonly index: number };

/** A tensor in a graph: fed, constant, or computed. Its shape and type are known while the graph is built. */
export class Value {
  readonly graph: BaseGraph;
  readonly id: number;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly source: Source;

  constructor(graph: BaseGraph, id: number, type: TensorType, source: Source) {
    this.graph = graph;
    this.id = id;
    this.shape = type.shape;
    this.dtype = type.dtype;
    this.source = source;
  }

  /** Number of axes. */
  get rank(): number {
    return this.shape.length;
  }

  /** The node that computes it, or null for inputs and constants. */
  get node(): Node | null {
    return this.source.kind === 'node' ? this.source.node : null;
  }
}

/** What is known of a tensor before it has values. */
export interface TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** One application of an operation. Nodes are pure: the same operation on the same inputs is the same node. */
export interface Node<Op extends OpName = OpName> {
  readonly id: number;
  readonly op: Op;
  readonly inputs: readonly Value[];
  readonly attributes: OpAttributes[Op];
  readonly outputs: readonly Value[];
  /** Slash-separated place in the network, for node names in profiles. */
  readonly scope: string;
  /** Made by a derivative rule and never handed to the caller, so that later rules may look through it. */
  readonly derived: boolean;
}

/** A small tensor that exists only in the encoded model, such as the axes of a reduction. */
export interface Literal {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly values: readonly number[];
}

/** How a node is written in ONNX. An input of null is an optional one that is left out. */
export interface OnnxForm {
  readonly type: string;
  readonly domain?: string;
  readonly inputs: readonly (Value | Literal | null)[];
  /** Where they are not the outputs of the node in their order; null is an optional one that is left out. */
  readonly outputs?: readonly (Value | null)[];
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
  /** What a node runs over and over, and the values outside that it sees there by name. */
  readonly body?: { readonly of: ScanBody; readonly captured: readonly Value[] };
}

/** A graph of its own that a Scan runs once per step; see `scanOver`. */
export interface ScanBody {
  readonly graph: BaseGraph;
  readonly steps: number;
  /** Values carried from step to step. */
  readonly state: readonly { readonly input: Value; readonly next: Value }[];
  /** Inputs of which every step gets its own. */
  readonly sequence: readonly Value[];
  /** Inputs that are the same in every step, and are not copied. */
  readonly constants: readonly Value[];
  /** Values that every step gives back. */
  readonly perStep: readonly Value[];
}

/**
 * Everything that is known of one operation.
 *
 * `vjp` (reverse mode) gets one cotangent per output, null where nothing arrived, and gives one per input; `needs` tells which
 * inputs matter, so that others may be null without being computed. `jvp` (forward mode) gets one tangent per input and gives
 * one per output; null is zero. Both are written with graph operations, so that they can be differentiated again.
 * `'zero'` means that the derivative is zero everywhere it exists; `'none'` that there is no rule, so that asking is refused.
 */
export interface OpDefinition<Op extends OpName> {
  infer(inputs: readonly Value[], attributes: OpAttributes[Op]): readonly TensorType[];
  /** Left out where the operation has its own name in ONNX and no attributes. */
  onnx?(node: Node<Op>): OnnxForm;
  readonly vjp: VjpRule<Op> | 'zero' | 'none';
  readonly jvp: JvpRule<Op> | 'zero' | 'none';
}

type MaybeValues = readonly (Value | null)[];
export type VjpRule<Op extends OpName> = (node: Node<Op>, dys: MaybeValues, needs: readonly boolean[]) => MaybeValues;
export type JvpRule<Op extends OpName> = (node: Node<Op>, dxs: MaybeValues) => MaybeValues;

/** Definitions of some operations; `OpTable` of all names is total, so that a missing one does not compile. */
export type OpTable<Names extends OpName = OpName> = { readonly [Op in Names]: OpDefinition<Op> };

/** A graph under construction. Use `Graph`, which knows the operations. */
export class BaseGraph {
  readonly inputs: Value[] = [];
  /** Bodies of the scans in this graph. */
  readonly bodies: ScanBody[] = [];
  readonly #ops: OpTable;
  readonly #inputNames = new Set<string>();
  readonly #known = new Map<string, Node>();
  readonly #constants = new Map<string, Value>();
  #nextValue = 0;
  #nextNode = 0;
  #scope = '';
  #deriving = false;

  constructor(ops: OpTable) {
    this.#ops = ops;
  }

  /** True while derivative rules run. Values made then may be simplified away, since nobody else holds them. */
  get isDeriving(): boolean {
    return this.#deriving;
  }

  /** The id that the next node will have: nodes made from now on have at least it. */
  get nextNodeId(): number {
    return this.#nextNode;
  }

  /** A value that is fed at every run. Names must be unique in the graph. */
  input(name: string, shape: Shape, dtype: DType = 'float32'): Value {
    if (this.#inputNames.has(name)) {
      throw refuse(`The graph has an input named "${name}" already.`, 'Give each input its own name.');
    }
    checkShape(shape);
    this.#inputNames.add(name);
    const value = this.#value({ shape: [...shape], dtype }, { kind: 'input', name });
    this.inputs.push(value);
    return value;
  }

  /** A tensor of fixed numbers in row-major order. Small equal ones are stored once. */
  constant(values: ArrayLike<number>, shape: Shape, dtype: DType = 'float32'): Value {
    checkShape(shape);
    if (values.length !== sizeOf(shape)) {
      throw refuse(`A constant of shape ${showShape(shape)} needs ${sizeOf(shape)} numbers, not ${values.length}.`);
    }
    checkWhole(values, dtype);
    const key = values.length <= 64 ? `${dtype}|${shape.join()}|${showNumbers(values)}` : null;
    const known = key === null ? undefined : this.#constants.get(key);
    if (known !== undefined) return known;
    const source: Source = { kind: 'constant', data: packNumbers(values, dtype), fill: commonValue(values) };
    const value = this.#value({ shape: [...shape], dtype }, source);
    if (key !== null) this.#constants.set(key, value);
    return value;
  }

  /** One fixed number, shape []. */
  scalar(value: number, dtype: DType = 'float32'): Value {
    return this.constant([value], [], dtype);
  }

  /** Applies an operation and gives its outputs; an equal application that exists already is used again. */
  apply<Op extends OpName>(op: Op, inputs: readonly Value[], attributes: OpAttributes[Op]): readonly Value[] {
    for (const input of inputs) {
      if (input.graph !== this) throw refuse(`${op} was given values of two different graphs.`);
    }
    const key = `${op}|${inputs.map((input) => input.id).join()}|${JSON.stringify(attributes, keepNumber)}`;
    const known = this.#known.get(key);
    if (known !== undefined) {
      if (!this.#deriving) exposeNode(known);
      return known.outputs;
    }
    const types = this.#ops[op].infer(inputs, attributes);
    const node = this.#node(op, inputs, attributes, types);
    this.#known.set(key, node);
    return node.outputs;
  }

  /** Names the nodes that `build` makes: `scope('encoder', …)` gives names such as `encoder/Conv_12`. */
  scope<T>(name: string, build: () => T): T {
    const outer = this.#scope;
    this.#scope = outer === '' ? name : `${outer}/${name}`;
    try {
      return build();
    } finally {
      this.#scope = outer;
    }
  }

  /** Runs derivative rules: nodes made meanwhile are marked as derived, under the scope of the node they come from. */
  derive<T>(scope: string, build: () => T): T {
    const outer = { scope: this.#scope, deriving: this.#deriving };
    this.#scope = scope;
    this.#deriving = true;
    try {
      return build();
    } finally {
      this.#scope = outer.scope;
      this.#deriving = outer.deriving;
    }
  }

  /** A Split whose parts are added one after another and whose input comes last. For `ParameterPack`. */
  openSplit(dtype: DType): OpenSplit {
    const outputs: Value[] = [];
    const sizes: number[] = [];
    const inputs: Value[] = [];
    const node: Node<'Split'> = {
      id: this.#nextNode++,
      op: 'Split',
      inputs,
      attributes: { axis: 0, sizes },
      outputs,
      scope: 'parameters',
      derived: false,
    };
    return {
      add: (size) => {
        sizes.push(size);
        const value = this.#value({ shape: [size], dtype }, { kind: 'node', node, index: outputs.length });
        outputs.push(value);
        return value;
      },
      close: (input) => {
        this.#ops.Split.infer([input], node.attributes);
        inputs.push(input);
      },
    };
  }

  #node<Op extends OpName>(
    op: Op,
    inputs: readonly Value[],
    attributes: OpAttributes[Op],
    types: readonly TensorType[],
  ): Node<Op> {
    const outputs: Value[] = [];
    const node: Node<Op> = {
      id: this.#nextNode++,
      op,
      inputs: [...inputs],
      attributes,
      outputs,
      scope: this.#scope,
      derived: this.#deriving,
    };
    types.forEach((type, index) => {
      // A Value does not depend on which operation its node has, so the narrower type is given up here.
      outputs.push(this.#value(type, { kind: 'node', node: node as unknown as Node, index }));
    });
    return node;
  }

  #value(type: TensorType, source: Source): Value {
    return new Value(this, this.#nextValue++, type, source);
  }
}

/** See `BaseGraph.openSplit`. */
export interface OpenSplit {
  add(size: number): Value;
  close(input: Value): void;
}

export function exposeNode(node: Node): void {
  (node as { derived: boolean }).derived = false;
}

function checkShape(shape: Shape): void {
  if (!shape.every((size) => Number.isInteger(size) && size >= 0)) {
    throw refuse(`${showShape(shape)} is not a shape.`, 'Every size must be a whole number, 0 or larger.');
  }
}

/** JSON has no form for infinities and −0, which must not make two different nodes look equal. */
function keepNumber(_name: string, value: unknown): unknown {
  if (typeof value !== 'number') return value;
  return Number.isFinite(value) && !Object.is(value, -0) ? value : showNumbers([value]);
}

function checkWhole(values: ArrayLike<number>, dtype: DType): void {
  if (isFloating(dtype) || dtype === 'bool') return;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isSafeInteger(values[i])) {
      throw refuse(
        `${values[i]} is not a number of type ${dtype}.`,
        'Use whole numbers, or convert the other operand with cast().',
      );
    }
  }
}

function commonValue(values: ArrayLike<number>): number | null {
  if (values.length === 0) return null;
  const first = values[0]!;
  for (let i = 1; i < values.length; i++) if (!Object.is(values[i], first)) return null;
  return first;
}

/** Like join, but keeps -0 apart from 0. */
function showNumbers(values: ArrayLike<number>): string {
  return Array.from(values, (value) => (Object.is(value, -0) ? '-0' : String(value))).join();
}
