import type { BaseGraph, Value } from '../ir.ts';
import { refuse, type Shape, sizeOf } from '../shape.ts';
import { add, mod, mul } from './binary.ts';
import { range } from './indexing.ts';
import { concat, narrow, reshape } from './movement.ts';
import { cast, cos, log, sin, sqrt } from './unary.ts';

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
  // The half keeps 0 out of reach, and the factor, a little below 2⁻³¹, keeps 1 out of reach after rounding to float32.
  return mul(add(cast(hash, 'float32'), 0.5), (1 - 2 ** -23) * 2 ** -31);
}

/**
 * One residue modulo PRIME per place: the places as multiples, shifted by a key made of counter and stream, then three rounds of
 * squaring. A square alone forgets the sign of its root, so every round also adds what went into the round before.
 */
function hashPlaces(graph: BaseGraph, counter: Value, count: number, stream: number): Value {
  const step = mod(counter, PRIME);
  const key = scramble(add(scramble(add(step, 1 + stream * 7919), 48271), stream), 69621);
  const otherKey = scramble(add(key, step), 39373);
  const first = modPrime(add(mul(range(graph, count, { start: 1 }), 48271), key));
  const second = modPrime(add(mul(first, first), otherKey));
  const third = modPrime(add(mul(second, second), mul(first, 16807)));
  return modPrime(add(mul(third, third), mul(second, 69621)));
}

/** Mixes a key: (x + c)² + factor·(x + c) modulo PRIME. The offset moves 0 away from its fixed point. */
function scramble(x: Value, factor: number): Value {
  const moved = modPrime(add(x, 1013904223));
  return modPrime(add(mul(moved, moved), mul(moved, factor)));
}

function modPrime(x: Value): Value {
  return mod(x, PRIME);
}
