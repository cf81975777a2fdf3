/** A protocol buffer writer for tests, as plain as can be and independent of the product's own. */
export function varint(value: number | bigint): number[] {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest >= 128n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return bytes;
}

export const int = (field: number, value: number | bigint): Buffer =>
  Buffer.from([...varint(field * 8), ...varint(value)]);

export function bytes(field: number, content: Uint8Array | string): Buffer {
  const body = Buffer.from(content as Uint8Array);
  return Buffer.concat([Buffer.from([...varint(field * 8 + 2), ...varint(body.length)]), body]);
}

export function double(field: number, value: number): Buffer {
  const body = Buffer.alloc(8);
  body.writeDoubleLE(value);
  return Buffer.concat([Buffer.from(varint(field * 8 + 1)), body]);
}

export function float(field: number, value: number): Buffer {
  const body = Buffer.alloc(4);
  body.writeFloatLE(value);
  return Buffer.concat([Buffer.from(varint(field * 8 + 5)), body]);
}

export const message = (field: number, ...parts: readonly Uint8Array[]): Buffer => bytes(field, Buffer.concat(parts));
