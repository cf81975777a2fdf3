import { type BigIntStats, type Dirent, readdirSync, statSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { isRemoteDisk } from './remoteDisk.ts';

/** How a walk asks the disk. Both reject with the system's error. */
export interface Disk {
  /** How many questions are asked at once. */
  readonly width: number;
  stat(path: string): BigIntStats | Promise<BigIntStats>;
  list(folder: string): Dirent[] | Promise<Dirent[]>;
}

/** A disk of this machine answers from memory within microseconds, of which a promise costs ten times as much. The walk pauses between rounds, so that others get their turn. */
const localDisk: Disk = {
  width: 64,
  stat: (path) => statSync(path, { bigint: true }),
  list: (folder) => readdirSync(folder, { withFileTypes: true }),
};

/** A disk behind a network: questions wait side by side, few enough for everybody's open files. */
const remoteDisk: Disk = {
  width: 16,
  stat: (path) => stat(path, { bigint: true }),
  list: (folder) => readdir(folder, { withFileTypes: true }),
};

export function diskOf(root: string): Disk {
  return isRemoteDisk(root) ? remoteDisk : localDisk;
}
