import { readFile, statfs } from 'node:fs/promises';
import os from 'node:os';
import type { Gpu } from '../../launch/local/gpu.ts';
import type { Watchpoint } from './watchpoints.ts';

/** A checkpoint of a large model with its optimizer takes tens of gigabytes, so a few are no reserve. */
const lowDiskBytes = 5e9;
const lowMemoryShare = 0.05;
/** NVIDIA's data centre and consumer cards slow down between 83 and 92 °C. */
const hotCelsius = 87;
/** How far back a figure must go before the warning is over. */
const relief = 1.2;
const coolCelsius = 80;

/** Free space where a run's directory is, or would be. Nothing where the place cannot be looked at. */
export async function diskPoint(place: string): Promise<Watchpoint | undefined> {
  const disk = await statfs(place).catch(() => undefined);
  if (disk === undefined) return undefined;
  const free = disk.bavail * disk.bsize;
  return {
    // Places on one disk are one danger: file systems differ in their size or in what is free.
    key: `disk ${disk.type}:${disk.blocks}:${disk.files}`,
    isBad: free < lowDiskBytes,
    isGood: free > lowDiskBytes * relief,
    message: `${gigabytes(free)} GB are free on the disk of ${place}.`,
    hint: 'Delete old checkpoints, or move them: a run that cannot write its checkpoint is lost.',
  };
}

/** Memory of the machine that programs can still get. */
export async function memoryPoint(): Promise<Watchpoint> {
  const total = os.totalmem();
  const available = await availableMemory();
  return {
    key: 'memory',
    isBad: available < total * lowMemoryShare,
    isGood: available > total * lowMemoryShare * relief,
    message: `${gigabytes(available)} of ${gigabytes(total)} GB of this machine's memory can be had.`,
    hint: 'Fewer loader workers or runs at once keep the system from killing a run.',
  };
}

/** Temperature of a GPU, where its driver tells it. */
export function heatPoint({ id, name, temperature }: Gpu): Watchpoint | undefined {
  if (temperature === undefined) return undefined;
  return {
    key: `gpu ${id}`,
    isBad: temperature >= hotCelsius,
    isGood: temperature <= coolCelsius,
    message: `GPU ${id} (${name}) is at ${temperature} °C.`,
    hint: 'It slows itself down to cool; look at its fan and the room, or run less on it.',
  };
}

/** What Linux counts as available, caches that can be given back included; elsewhere what is free. */
async function availableMemory(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  const kilobytes = /^MemAvailable:\s+(\d+) kB$/m.exec(text)?.[1];
  return kilobytes === undefined ? os.freemem() : Number(kilobytes) * 1024;
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(1);
}
