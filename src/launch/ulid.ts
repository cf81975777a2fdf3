import { randomBytes } from 'node:crypto';

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A ULID: 48 bits of time and 80 random bits in Crockford's base 32, so that ids sort by time (https://github.com/ulid/spec). */
export function ulid(now: number = Date.now()): string {
  let time = '';
  for (let rest = now, index = 0; index < 10; index++, rest = Math.floor(rest / 32)) time = alphabet[rest % 32] + time;
  // 256 is a multiple of 32, so the low five bits of a random byte are uniform.
  const random = Array.from(randomBytes(16), (byte) => alphabet[byte % 32]).join('');
  return time + random;
}
