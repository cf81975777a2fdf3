import type { Random } from './random.ts';

/** One way to spoil the content of a file. It gives a new array. */
type Mutation = (bytes: Uint8Array, random: Random, others: readonly Uint8Array[]) => Uint8Array;

/** Numbers at which lengths and counts go wrong. */
const edges: readonly bigint[] = [
  0n,
  1n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0xffffn,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
].concat([0x1_0000_0000n, 2n ** 40n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n]);

/** Pieces of text that parsers trip over. */
const words: readonly string[] = [
  ...[
    'NaN',
    '-Infinity',
    'Infinity',
    'nan',
    'inf',
    '1e400',
    '-0',
    '1e-400',
    '0x10',
    '1_000',
    '99999999999999999999',
    '.5',
    '5.',
  ],
  ...[
    '"',
    "'",
    '""',
    '\\',
    '\\u',
    '\\ud800',
    '{',
    '}',
    '[',
    ']',
    '{"a":',
    '[[[[[[[[',
    '---\n',
    '...\n',
    '!!python/object:x {}',
    '&a [*a]',
    '*a',
    '<<: *a',
  ],
  ...[
    '\r',
    '\n',
    '\r\n',
    '\0',
    '\ufeff',
    '\u2028',
    ',',
    ';',
    '\t',
    ': ',
    '- ',
    '# ',
    '|',
    '../',
    '/etc/passwd',
    '__proto__',
    'constructor',
    'null',
    'true',
  ],
  ...[
    '\x1b[31m',
    'step',
    'epoch',
    '{"step":1}',
    '\ud83d\ude00',
    'é',
    '\x24{a}',
    '\x24{oc.env:HOME}',
    'Traceback (most recent call last):\n',
    'CANCELLED AT',
  ],
];

const mutations: readonly Mutation[] = [
  function flip(bytes, random) {
    const copy = bytes.slice();
    for (let left = 1 + random.below(4); left > 0 && copy.length > 0; left--)
      copy[random.below(copy.length)]! ^= 1 << random.below(8);
    return copy;
  },
  function overwrite(bytes, random) {
    const copy = bytes.slice();
    const noise = random.bytes(1 + random.below(16));
    const at = random.below(copy.length);
    copy.set(noise.subarray(0, copy.length - at), at);
    return copy;
  },
  function insert(bytes, random) {
    return spliced(bytes, random.below(bytes.length + 1), 0, random.bytes(1 + random.below(32)));
  },
  function remove(bytes, random) {
    return spliced(bytes, random.below(bytes.length), 1 + random.below(random.chance(0.2) ? bytes.length : 32), none);
  },
  function cut(bytes, random) {
    return bytes.slice(0, random.below(bytes.length));
  },
  function zero(bytes, random) {
    const at = random.below(bytes.length);
    return bytes.slice().fill(0, at, at + 1 + random.below(64));
  },
  /** A length or count becomes one that no file can have, in either byte order. */
  function blowUp(bytes, random) {
    const copy = bytes.slice();
    const width = random.pick([1, 2, 4, 8]);
    const value = BigInt.asUintN(8 * width, random.pick(edges));
    const at = random.below(copy.length);
    const isLittle = random.chance(0.7);
    for (let index = 0; index < width && at + index < copy.length; index++) {
      const shift = BigInt(8 * (isLittle ? index : width - 1 - index));
      copy[at + index] = Number((value >> shift) & 255n);
    }
    return copy;
  },
  function word(bytes, random) {
    const text = random.pick(words).repeat(random.chance(0.1) ? 1 + random.below(2000) : 1);
    const removed = random.chance(0.5) ? random.below(12) : 0;
    return spliced(bytes, random.below(bytes.length + 1), removed, new TextEncoder().encode(text));
  },
  /** A piece of the file, or of another one, is put somewhere else. */
  function splice(bytes, random, others) {
    const from = random.chance(0.7) || others.length === 0 ? bytes : random.pick(others);
    const start = random.below(from.length);
    const piece = from.subarray(start, start + 1 + random.below(512));
    return spliced(bytes, random.below(bytes.length + 1), random.chance(0.5) ? piece.length : 0, piece);
  },
  /** Lines change places, or come again. */
  function line(bytes, random) {
    const start = bytes.indexOf(10, random.below(bytes.length)) + 1;
    const end = bytes.indexOf(10, start);
    if (start <= 0 || end < 0) return bytes.slice();
    const to = bytes.indexOf(10, random.below(bytes.length)) + 1;
    return spliced(bytes, to, 0, bytes.subarray(start, end + 1));
  },
];

const none = new Uint8Array(0);

/** Larger files than this say nothing more. */
const largestResult = 1 << 20;

/** Spoils the content of a file in one to five ways. */
export function mutate(bytes: Uint8Array, random: Random, others: readonly Uint8Array[]): Uint8Array {
  let result = bytes;
  for (let left = 1 + random.below(5); left > 0; left--) result = random.pick(mutations)(result, random, others);
  return result.subarray(0, largestResult);
}

function spliced(bytes: Uint8Array, at: number, removed: number, piece: Uint8Array): Uint8Array {
  const kept = Math.min(bytes.length, at + removed);
  const result = new Uint8Array(at + piece.length + bytes.length - kept);
  result.set(bytes.subarray(0, at));
  result.set(piece, at);
  result.set(bytes.subarray(kept), at + piece.length);
  return result;
}
