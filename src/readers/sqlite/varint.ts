import { SqliteFault } from './fault.ts';

/** Reads SQLite's variable-length integers: big-endian, seven bits a byte, the ninth byte whole (https://www.sqlite.org/fileformat2.html §1.6). */
export class VarintReader {
  /** Behind the number that was read last. */
  at = 0;

  /** The number at an offset; above 2^53 it is the nearest float64. Throws SqliteFault where the bytes end. */
  read(bytes: Uint8Array, from: number): number {
    const first = bytes[from];
    if (first === undefined) throw cut();
    if (first < 128) {
      this.at = from + 1;
      return first;
    }
    const second = bytes[from + 1];
    if (second === undefined) throw cut();
    if (second < 128) {
      this.at = from + 2;
      return ((first & 127) << 7) | second;
    }
    return this.#readLong(bytes, from);
  }

  #readLong(bytes: Uint8Array, from: number): number {
    let value = 0;
    for (let index = 0; index < 8; index++) {
      const byte = bytes[from + index];
      if (byte === undefined) throw cut();
      value = value * 128 + (byte & 127);
      if (byte < 128) {
        this.at = from + index + 1;
        return value;
      }
    }
    return this.#readNine(bytes, from);
  }

  /** Nine bytes hold 64 bits with a sign: negative numbers are always this long. */
  #readNine(bytes: Uint8Array, from: number): number {
    const last = bytes[from + 8];
    if (last === undefined) throw cut();
    let value = 0n;
    for (let index = 0; index < 8; index++) value = (value << 7n) | BigInt(bytes[from + index]! & 127);
    this.at = from + 9;
    return Number(BigInt.asIntN(64, (value << 8n) | BigInt(last)));
  }
}

function cut(): SqliteFault {
  return new SqliteFault('A number goes on behind the end of its page.');
}
