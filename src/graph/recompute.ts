import type { TracedGrad } from './autodiff.ts';
import { greater, mul, sub } from './build/binary.ts';
import { concat, reshape, sliceExact } from './build/movement.ts';
import { reduceSum } from './build/reduction.ts';
import { cast } from './build/unary.ts';
import { isFloating } from './dtype.ts';
import type { Node, Value } from './ir.ts';
import { valueBytes } from './liveness.ts';
import { chooseSegments, segmentOf } from './segments.ts';
import { sizeOf } from './shape.ts';
import { nodesBehind } from './traverse.ts';

/**
 * The same values, with less kept between the forward and the backward pass: the forward pass is cut into stretches, what lies inside of one is dropped and computed a
 * second time when the backward pass comes to it (gradient checkpointing; Chen et al., arXiv 1604.06174). Costs at most one more forward pass. The same operations run on the same
 * numbers, so the results are the same bit by bit, but where ONNX Runtime fuses operations because nobody looks between them any more (seen in transformers: the last bit). Undefined
 * where next to nothing would be saved.
 *
 * ONNX Runtime computes what it can in an order of its own and merges equal nodes. So what has to wait is tied to what it waits for, by a factor that is 1 whatever
 * the other value holds: a second computation to the gradient that arrives at its stretch, that gradient to the gradients of the parameters in the stretch before, and, where a
 * derivative along a path is part of the forward pass, the next stretch to the tangents of this one.
 *
 * `outputs` are everything that is wanted of the graph, `sources` its inputs that are other for every batch.
 */
export function withRecomputation(
  outputs: readonly Value[],
  traced: TracedGrad,
  sources: readonly Value[],
): readonly Value[] | undefined {
  const nodes = nodesBehind(outputs);
  const firstId = Math.min(...traced.passed.map((each) => each.firstId));
  const backward = nodes.filter(({ id }) => id >= firstId && id < traced.endId);
  const segments = chooseSegments(traced, backward);
  if (segments === undefined) return undefined;
  const owners = new Owners(traced, segments.cuts);
  return new Rewriting(nodes, outputs, owners, firstId, traced.endId, activeValues(nodes, sources)).run();
}

/** Values below this are kept: they cost more nodes than memory. */
const smallBytes = 16_384;

/** Floating values that depend on the batch. */
function activeValues(nodes: readonly Node[], sources: readonly Value[]): ReadonlySet<Value> {
  const dependent = new Set(sources);
  for (const { inputs, outputs } of nodes) {
    if (inputs.some((input) => dependent.has(input))) for (const output of outputs) dependent.add(output);
  }
  return new Set([...dependent].filter(({ dtype }) => isFloating(dtype)));
}

/** Which stretch a node belongs to. */
class Owners {
  readonly last: number;
  readonly #cuts: readonly number[];
  readonly #passed: TracedGrad['passed'];
  readonly #placeOf = new Map<Node, number>();
  readonly #levels = new Map<Node, number>();

  constructor({ forward, passed }: TracedGrad, cuts: readonly number[]) {
    this.last = cuts.length;
    this.#cuts = cuts;
    this.#passed = passed;
    for (const { place } of passed) this.#placeOf.set(forward[place]!, place);
  }

  /** Whether gradients pass through a node. */
  isPassed(node: Node): boolean {
    return this.#placeOf.has(node);
  }

  /** The stretch of a node of the forward pass; one beside the gradients' way has that of the last that it depends on, or -1. Nodes are asked about in the order of their ids. */
  ofForward(node: Node): number {
    const place = this.#placeOf.get(node);
    const known = place === undefined ? this.#levels.get(node) : segmentOf(this.#cuts, place);
    if (known !== undefined) return known;
    const before = node.inputs.map((input) => (input.node === null ? -1 : this.ofForward(input.node)));
    const level = Math.max(-1, ...before);
    this.#levels.set(node, level);
    return level;
  }

  /** The stretch for which a node of the backward pass was made. */
  ofBackward({ id }: Node): number {
    let low = 0;
    let high = this.#passed.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#passed[middle]!.firstId <= id) low = middle;
      else high = middle - 1;
    }
    return segmentOf(this.#cuts, this.#passed[low]!.place);
  }
}

class Rewriting {
  readonly #nodes: readonly Node[];
  readonly #outputs: readonly Value[];
  readonly #owners: Owners;
  readonly #firstId: number;
  readonly #endId: number;
  readonly #active: ReadonlySet<Value>;
  /** What stands for a value now. */
  readonly #forms = new Map<Value, Value>();
  /** Second computations, by stretch. */
  readonly #again = new Map<Value, Value>();
  readonly #arriving = new Map<string, Value>();
  readonly #triggers = new Map<number, Value | undefined>();
  readonly #ends: ReadonlyMap<number, readonly Value[]>;

  constructor(
    nodes: readonly Node[],
    outputs: readonly Value[],
    owners: Owners,
    firstId: number,
    endId: number,
    active: ReadonlySet<Value>,
  ) {
    this.#nodes = [...nodes].sort((a, b) => a.id - b.id);
    this.#outputs = outputs;
    this.#owners = owners;
    this.#firstId = firstId;
    this.#endId = endId;
    this.#active = active;
    this.#ends = this.#gradientsOfParameters();
  }

  run(): readonly Value[] {
    const forward = this.#nodes.filter(({ id }) => id < this.#firstId);
    for (let segment = -1; segment <= this.#owners.last; segment++) {
      for (const node of forward)
        if (this.#owners.ofForward(node) === segment) this.#take(node, (input) => this.#form(input));
      this.#waitForTangents(forward, segment);
    }
    for (const node of this.#nodes) {
      if (node.id < this.#firstId) continue;
      if (node.id >= this.#endId) this.#take(node, (input) => this.#form(input));
      else this.#takeBackward(node, this.#owners.ofBackward(node));
    }
    return this.#outputs.map((output) => this.#form(output));
  }

  #takeBackward(node: Node, segment: number): void {
    this.#take(node, (input) => {
      const made = input.node;
      if (made === null) return this.#form(input);
      if (made.id >= this.#firstId) return this.#arrivingAt(segment, input);
      return this.#isDropped(input, segment) ? this.#secondTime(input, segment) : this.#form(input);
    });
  }

  /** Whether a value of the forward pass is computed again for the way back through a stretch. */
  #isDropped(value: Value, segment: number): boolean {
    const { node } = value;
    return (
      node !== null &&
      segment < this.#owners.last &&
      this.#active.has(value) &&
      valueBytes(value) >= smallBytes &&
      node.id < this.#firstId &&
      this.#owners.ofForward(node) === segment &&
      this.#trigger(segment) !== undefined
    );
  }

  #secondTime(value: Value, segment: number): Value {
    const known = this.#again.get(value);
    if (known !== undefined) return known;
    const node = value.node!;
    const inputs = node.inputs.map((input) => {
      if (this.#isDropped(input, segment)) return this.#secondTime(input, segment);
      const form = this.#form(input);
      return this.#active.has(input) ? mul(form, this.#trigger(segment)!) : form;
    });
    const made = this.#apply(node, inputs);
    node.outputs.forEach((output, i) => {
      this.#again.set(output, made[i]!);
    });
    return this.#again.get(value)!;
  }

  /** 1 as soon as the gradients that arrive at a stretch are there; undefined where none does. */
  #trigger(segment: number): Value | undefined {
    if (this.#triggers.has(segment)) return this.#triggers.get(segment);
    const arriving = new Set<Value>();
    for (const node of this.#nodes) {
      if (node.id < this.#firstId || node.id >= this.#endId || this.#owners.ofBackward(node) !== segment) continue;
      for (const input of node.inputs) if (this.#comesFromAbove(input, segment)) arriving.add(input);
    }
    const trigger = oneBehind([...arriving].map((value) => this.#arrivingAt(segment, value)));
    this.#triggers.set(segment, trigger);
    return trigger;
  }

  /** A value of the backward pass as a stretch sees it: one that comes from a later stretch waits until that has the gradients of its parameters. */
  #arrivingAt(segment: number, value: Value): Value {
    if (!this.#comesFromAbove(value, segment)) return this.#form(value);
    const key = `${segment}|${value.id}`;
    const known = this.#arriving.get(key);
    if (known !== undefined) return known;
    const ready = oneBehind((this.#ends.get(segment + 1) ?? []).map((end) => this.#form(end)));
    const form = this.#form(value);
    const made = ready === undefined ? form : mul(form, ready);
    this.#arriving.set(key, made);
    return made;
  }

  #comesFromAbove({ node, dtype }: Value, segment: number): boolean {
    return (
      node !== null &&
      isFloating(dtype) &&
      node.id >= this.#firstId &&
      node.id < this.#endId &&
      this.#owners.ofBackward(node) > segment
    );
  }

  /** By stretch, what the backward pass makes there for the world outside. */
  #gradientsOfParameters(): ReadonlyMap<number, readonly Value[]> {
    const outside = new Set(this.#outputs);
    for (const { id, inputs } of this.#nodes) if (id >= this.#endId) for (const input of inputs) outside.add(input);
    const ends = new Map<number, Value[]>();
    for (const node of this.#nodes) {
      if (node.id < this.#firstId || node.id >= this.#endId) continue;
      const made = node.outputs.filter((output) => outside.has(output) && isFloating(output.dtype));
      const segment = this.#owners.ofBackward(node);
      ends.set(segment, [...(ends.get(segment) ?? []), ...made]);
    }
    return ends;
  }

  /** Lets the next stretch begin when the tangents of this one are there, so that what both need is not kept for a second walk over all stretches. */
  #waitForTangents(forward: readonly Node[], segment: number): void {
    if (segment < 0 || segment >= this.#owners.last) return;
    const after = forward.filter((node) => this.#owners.ofForward(node) > segment);
    const crossing = new Set(after.flatMap(({ inputs }) => inputs));
    const isHere = (value: Value) => value.node !== null && this.#owners.ofForward(value.node) <= segment;
    const large = [...crossing].filter(
      (value) => isHere(value) && this.#active.has(value) && valueBytes(value) >= smallBytes,
    );
    const tangents = large.filter(
      ({ node }) => !this.#owners.isPassed(node!) && this.#owners.ofForward(node!) === segment,
    );
    const main = large
      .filter(({ node }) => this.#owners.isPassed(node!))
      .sort((a, b) => a.id - b.id)
      .at(-1);
    const ready = oneBehind(tangents.map((value) => this.#form(value)));
    if (main !== undefined && ready !== undefined) this.#forms.set(main, mul(this.#form(main), ready));
  }

  #take(node: Node, form: (input: Value) => Value): void {
    const inputs = node.inputs.map(form);
    const made = inputs.every((input, i) => input === node.inputs[i]) ? node.outputs : this.#apply(node, inputs);
    node.outputs.forEach((output, i) => {
      this.#forms.set(output, made[i]!);
    });
  }

  #apply(node: Node, inputs: readonly Value[]): readonly Value[] {
    const { graph } = node.outputs[0]!;
    return graph.scope(node.scope, () => graph.apply(node.op, inputs, node.attributes));
  }

  #form(value: Value): Value {
    return this.#forms.get(value) ?? value;
  }
}

/** float32 []: 1, known only when all values are there. Nothing is larger than infinity, and what is not a number neither. Undefined for none. */
function oneBehind(values: readonly Value[]): Value | undefined {
  const [first] = values;
  if (first === undefined) return undefined;
  const { graph } = first;
  return graph.scope('order', () => {
    const firsts = values.map((value) => cast(reshape(firstElement(value), [1]), 'float32'));
    const never = greater(concat(firsts, 0), graph.scalar(Number.POSITIVE_INFINITY));
    return sub(1, reduceSum(cast(never, 'float32'), [0], false));
  });
}

function firstElement(value: Value): Value {
  if (sizeOf(value.shape) === 1) return value;
  const ones = value.shape.map(() => 1);
  return sliceExact(
    value,
    ones.map(() => 0),
    ones,
    ones,
  );
}
