import { closeSync, openSync, readSync } from 'node:fs';
import os from 'node:os';

/** Where Linux tells of the processor, and more bytes than what it says of the first core. */
const factsFile = '/proc/cpuinfo';
const firstCoreBytes = 16_384;

/**
 * What tells processors with other instructions apart: the architecture, the name, and on Linux the list of instruction sets. Virtual machines give one name to
 * processors with and without AVX-512, for which ONNX Runtime writes other models.
 */
export function processorIdentity(): string {
  const name = os.cpus()[0]?.model ?? '';
  return [os.arch(), name, process.platform === 'linux' ? instructionSets() : ''].join('\0');
}

/** The line `flags` (x64) or `Features` (arm64) of the first core; empty where there is none. */
function instructionSets(): string {
  let file: number | undefined;
  try {
    file = openSync(factsFile, 'r');
    const bytes = new Uint8Array(firstCoreBytes);
    const text = new TextDecoder().decode(bytes.subarray(0, readSync(file, bytes)));
    return /^(?:flags|Features)\s*:\s*(.*)$/m.exec(text)?.[1] ?? '';
  } catch {
    return '';
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
