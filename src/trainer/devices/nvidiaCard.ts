import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const noNvidiaCard = 'No NVIDIA graphics card was found on this machine.';

/** Files that the driver makes: on Linux, in containers that were given a card, and in WSL. */
const driverFiles = ['/dev/nvidia0', '/dev/nvidiactl', '/dev/dxg', '/proc/driver/nvidia/version'] as const;
/** NVIDIA's number among makers of PCI devices (https://pci-ids.ucw.cz/read/PC/10de). */
const nvidia = '0x10de';

/** Whether an NVIDIA card can be seen, with a driver or without. Where that cannot be known (other systems than Linux, no list of devices) it is true. */
export function hasNvidiaCard(devices = '/sys/bus/pci/devices', files: readonly string[] = driverFiles): boolean {
  if (process.platform !== 'linux' || files.some((file) => existsSync(file))) return true;
  try {
    return readdirSync(devices).some((device) => makerOf(path.join(devices, device)) === nvidia);
  } catch {
    return true;
  }
}

function makerOf(device: string): string {
  try {
    return readFileSync(path.join(device, 'vendor'), 'utf8').trim();
  } catch {
    return '';
  }
}
