/** Where the tables stand in the kernel's memory; assembly/memory.ts has the same offsets. */
const tensAt = 1024;
const exactPowersAt = 1152;
const powersOfFiveAt = 1536;
const smallestPower = -342;
const mostPower = 308;

/** Behind the tables. */
export const tablesEnd = powersOfFiveAt + (mostPower - smallestPower + 1) * 16;

/** Writes the powers that the kernel multiplies digits with: 10^0 to 10^7 as whole numbers, 10^0 to 10^22 as float64, and 128 bits of 5^-342 to 5^308. */
export function writeTables(memory: ArrayBuffer): void {
  const view = new DataView(memory);
  for (let power = 0; power < 8; power++) view.setBigUint64(tensAt + power * 8, 10n ** BigInt(power), true);
  for (let power = 0; power <= 22; power++) view.setFloat64(exactPowersAt + power * 8, Number(`1e${power}`), true);
  for (let power = smallestPower; power <= mostPower; power++) {
    const bits = powerOfFive(power);
    const at = powersOfFiveAt + (power - smallestPower) * 16;
    view.setBigUint64(at, bits >> 64n, true);
    view.setBigUint64(at + 8, bits & 0xffff_ffff_ffff_ffffn, true);
  }
}

/** The upper 128 bits of a power of five, rounded down, and up where it is a fraction (Lemire 2021, section 5). */
function powerOfFive(power: number): bigint {
  const size = Math.abs(power);
  const whole = 5n ** BigInt(size);
  // Its bits: 217706 / 2^16 is close enough to log2(10) for every size here.
  const length = BigInt(((217_706 * size) >> 16) - size + 1);
  if (power >= 0) return length <= 128n ? whole << (128n - length) : whole >> (length - 128n);
  return (1n << (length + 127n)) / whole + 1n;
}
