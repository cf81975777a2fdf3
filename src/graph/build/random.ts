import type { BaseGraph, Value } from '../ir.ts';
import { refuse, type Shape, sizeOf } from '../shape.ts';
import { add, cast, cos, log, mod, mul, sin, sqrt } from './elementwise.ts';
import { range } from './indexing.ts';
import { concat, narrow, reshape } from './movement.ts';

/** The Mersenne prime 2³¹ − 1: products of two residues stay below 2⁶², so that int64 never overflows. */
const PRIME = 2147483647;

/**
 * Uniform numbers between 0 and 1 (neither included) that depend on the counter, the stream and the place alone, so that a run that
 * is resumed at the same counter draws the same numbers on every device. `counter` is an int64 scalar, usually the step;
 * `stream` is a whole number from 0 that keeps several uses within one step apart. Float32, not differentiable.
 */
export function randomUniform(counter: Value, shape: Shape, stream: number): Value {
  return reshape(uniforms(counter, sizeOf(shape), stream), shape);
}

/** Standard normal numbers from the same generator, by Box and Muller (Annals of Mathematical Statistics 29, 1958). */
export function randomNormal(counter: Value, shape: Shape, stream: number): Value {
  const count = sizeOf(shape);
  const pairs = Math.ceil(count / 2);
  const draws = uniforms(counter, 2 * pairs, stream);
  const radius = sqrt(mul(log(narrow(draws, 0, 0, pairs)), -2));
  const angle = mul(narrow(draws, 0, pairs, pairs), 2 * Math.PI);
  const both = concat([mul(radius, cos(angle)), mul(radius, sin(angle))], 0);
  return reshape(narrow(both, 0, 0, count), shape);
}

function uniforms(counter: Value, count: number, stream: number): Value {
  const { graph } = counter;
  if (counter.dtype !== 'int64' || sizeOf(counter.shape) !== 1) {
    throw refuse('Random numbers need an int64 scalar as counter.', 'Make it with graph.input(name, [], "int64").');
  }
  if (!Number.isInteger(stream) || stream < 0 || stream >= 2 ** 20) {
    throw refuse(`${stream} is not a stream of random numbers.`, 'Streams are whole numbers from 0 to 1048575.');
  }
  const hash = hashPlaces(graph, reshape(counter, []), count, stream);
  // 24 bits are what a float32 holds exactly; the half keeps 0 and 1 out of reach.
  return mul(add(cast(mod(hash, 2 ** 24), 'float32'), 0.5), 2 ** -24);
}

/** One residue modulo PRIME per place: two keys from counter and stream, then rounds of squaring and adding in the key. */
function hashPlaces(graph: BaseGraph, counter: Value, count: number, stream: number): Value {
  const step = mod(counter, PRIME);
  const key = scramble(add(scramble(add(step, 1 + stream * 7919), 48271), stream), 69621);
  const otherKey = scramble(add(key, step), 39373);
  const places = range(graph, count, { start: 1 });
  const first = modPrime(add(modPrime(mul(places, 48271)), key));
  const second = modPrime(add(mul(first, first), otherKey));
  return modPrime(add(mul(second, second), mul(first, 16807)));
}

/** A bijection-like mix of residues: x → (a·x + x²) mod PRIME, after an offset that moves 0 away from its fixed point. */
function scramble(x: Value, factor: number): Value {
  const moved = modPrime(add(x, 1013904223));
  return modPrime(add(modPrime(mul(moved, moved)), mul(moved, factor)));
}

function modPrime(x: Value): Value {
  return mod(x, PRIME);
}
