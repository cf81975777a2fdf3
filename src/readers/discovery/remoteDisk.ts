import { statfsSync } from 'node:fs';

/**
 * File systems whose changes by other machines no watch hears of, by the magic number that statfs gives (linux/magic.h, and the sources of Lustre,
 * GPFS and BeeGFS). FUSE is among them as a whole, since sshfs and the mounts of object stores cannot be told apart from the rest by it.
 */
const remoteTypes: ReadonlySet<number> = new Set([
  0x6969, // nfs
  0x517b, // smb
  0xff534d42, // cifs
  0xfe534d42, // smb2
  0x65735546, // fuse
  0x0bd00bd0, // lustre
  0x47504653, // gpfs
  0x19830326, // beegfs
  0x00c36400, // ceph
  0x5346414f, // afs
  0x01021997, // 9p, the disks of Windows under WSL
]);

/** Whether a path lies on a disk that other machines write to unheard: it is polled, not watched. What cannot be asked counts as local. */
export function isRemoteDisk(path: string): boolean {
  try {
    return remoteTypes.has(statfsSync(path).type >>> 0);
  } catch {
    return false;
  }
}
