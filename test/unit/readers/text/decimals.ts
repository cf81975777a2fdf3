import fc from 'fast-check';

/** Texts of decimal numbers of all kinds: as programs print float64 and float32, and any digits, points and exponents. */
export const printedNumbers = fc
  .tuple(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(...printers()))
  .map(([value, print]) => print(value));

export const anyNumbers = fc
  .tuple(
    fc.constantFrom('', '-', '+'),
    fc.stringMatching(/^[0-9]{1,24}$/),
    fc.option(fc.stringMatching(/^[0-9]{1,24}$/)),
    fc.option(fc.integer({ min: -360, max: 320 })),
  )
  .map(([sign, whole, decimals, exponent]) => {
    const fraction = decimals === null ? '' : `.${decimals}`;
    return `${sign}${whole}${fraction}${exponent === null ? '' : `e${exponent}`}`;
  });

/** Numbers exactly in the middle between two float64, and those whose last digit is one more or less: where rounding is hardest. */
export const middleNumbers = fc
  .tuple(
    fc.bigInt({ min: 1n << 52n, max: (1n << 53n) - 1n }),
    fc.integer({ min: -60, max: 60 }),
    fc.integer({ min: -1, max: 1 }),
  )
  .map(([digits, exponent, offset]) => {
    const middle = 2n * digits + 1n;
    // At least one digit behind it, so that one more or less does not reach the next middle.
    const whole = exponent >= 0 ? middle << BigInt(exponent) : middle * 5n ** BigInt(-exponent);
    return `${whole * 10n + BigInt(offset)}e${Math.min(0, exponent) - 1}`;
  });

export const hardNumbers: readonly string[] = [
  '9007199254740993',
  '9007199254740992.5',
  '18014398509481985',
  '18014398509481987',
  '4503599627370496.5',
  '4503599627370497.5',
  '1.00000000000000011102230246251565',
  '8.5e22',
  '8.41e21',
  '2.2250738585072011e-308',
  '2.2250738585072014e-308',
  '5e-324',
  '2.4703282292062327e-324',
  '2.4703282292062328e-324',
  '1.7976931348623157e308',
  '1.7976931348623158e308',
  '1.7976931348623159e308',
  '1e400',
  '-1e400',
  '1e-400',
  '0e999999999',
  '-0.0',
  '.5',
  '5.',
  '00000000000000000000000000001',
  '0.00000000000000000000000000001',
];

function printers(): readonly ((value: number) => string)[] {
  return [
    String,
    (value) => value.toExponential(16),
    (value) => value.toPrecision(17),
    (value) => value.toPrecision(20),
    (value) => String(Math.fround(value % 1e30)),
    (value) => (Math.abs(value) < 1e21 ? value.toFixed(6) : String(value)),
  ];
}
