/**
 * Powers of ten as pairs of float64 whose sum is right to 106 bits, with the first of each pair split for an exact product
 * (Dekker, "A floating-point technique for extending the available precision", Numerische Mathematik 18, 1971).
 */
export const smallestPower = -64;
export const largestPower = 48;

const count = largestPower - smallestPower + 1;

/** Entry `exponent - smallestPower`: the nearest float64, what is missing of it, and the upper half of the nearest one's digits. */
export const nearest = new Float64Array(count);
export const missing = new Float64Array(count);
export const upperHalf = new Float64Array(count);

/** 2^27 + 1: a product with it splits a float64 into two halves of 26 bits. */
export const splitter = 134_217_729;

/** 10^0 to 10^22 are whole float64 numbers, exactly. */
export const exactPowers = Float64Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);

for (let exponent = smallestPower; exponent <= largestPower; exponent++) {
  const index = exponent - smallestPower;
  const value = Number(`1e${exponent}`);
  nearest[index] = value;
  missing[index] = exponent >= 0 ? missingOfWhole(exponent, value) : missingOfFraction(-exponent, value);
  const scaled = splitter * value;
  upperHalf[index] = scaled - (scaled - value);
}

function missingOfWhole(exponent: number, value: number): number {
  return Number(10n ** BigInt(exponent) - BigInt(value));
}

/** Both sides are compared as whole multiples of 2^-bits, which float64 values of this size are. */
function missingOfFraction(exponent: number, value: number): number {
  const bits = 480n;
  const exact = (1n << bits) / 10n ** BigInt(exponent);
  // 2^300 and 2^180 are factors that change no digit, and neither leaves the range of float64.
  const approximate = BigInt(value * 2 ** 300) << (bits - 300n);
  return Number(exact - approximate) / 2 ** 300 / 2 ** 180;
}
