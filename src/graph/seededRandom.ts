/** Random numbers that depend on the seed alone. */
export interface SeededRandom {
  /** From 0 (included) to 1 (not included), 32 bits. */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
}

/**
 * A small generator for starting values: the state walks by a Weyl sequence and is mixed by the finalizer of MurmurHash3
 * (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014, in 32 bits). Normals by Box and Muller.
 */
export function seededRandom(seed: number): SeededRandom {
  let state = mix((seed >>> 0) ^ 0x9e3779b9) ^ mix(Math.floor(seed / 2 ** 32) | 0);
  let spare: number | null = null;
  const uniform = () => {
    state = (state + 0x9e3779b9) | 0;
    return mix(state) / 2 ** 32;
  };
  const normal = () => {
    if (spare !== null) {
      const value = spare;
      spare = null;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
  return { uniform, normal };
}

function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
