import { openFile, readFully, stateOf } from './tailFile.ts';

const sampleBytes = 1 << 16;

/** The first bytes of a file, with a line feed of the buffer's own behind them. */
export interface HeadSample {
  readonly bytes: Uint8Array;
  readonly end: number;
  /** They are the whole file. */
  readonly isWhole: boolean;
}

/** The first bytes of a file, or undefined where it cannot be read. */
export async function sampleHead(file: string): Promise<HeadSample | undefined> {
  const state = await stateOf(file);
  if (state === undefined) return undefined;
  const handle = await openFile(file);
  if ('message' in handle) return undefined;
  try {
    const wanted = Math.min(state.size, sampleBytes);
    const bytes = new Uint8Array(wanted + 1);
    const end = await readFully(handle, bytes, 0, wanted, 0);
    bytes[end] = 10;
    return { bytes, end, isWhole: state.size <= sampleBytes };
  } finally {
    await handle.close();
  }
}
