/** A stream of uniform numbers in [0, 1), the same for the same seed and number on every machine. */
export type Uniform = () => number;

/**
 * Stream of a trial: it depends on the search's seed and the trial's number alone, so that a search goes on after a restart as it would have without.
 * SplitMix32 makes the state of sfc32 (PractRand's small fast counting generator).
 */
export function uniformOf(seed: number, trial: number): Uniform {
  let mix = (Math.imul(seed | 0, 0x9e3779b1) ^ Math.imul(trial + 1, 0x85ebca6b)) | 0;
  const next = (): number => {
    mix = (mix + 0x9e3779b9) | 0;
    let word = mix ^ (mix >>> 16);
    word = Math.imul(word, 0x21f0aaad);
    word ^= word >>> 15;
    word = Math.imul(word, 0x735a2d97);
    return (word ^ (word >>> 15)) | 0;
  };
  let [a, b, c, counter] = [next(), next(), next(), 1];
  const step = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let warm = 0; warm < 12; warm++) step();
  return step;
}

/** A standard normal number (Box and Muller). */
export function gaussian(uniform: Uniform): number {
  return Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}
