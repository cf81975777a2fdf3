import type { FixUp } from './fixUps.ts';

/** Files by their path relative to a folder, as a tracker would have left them. */
export type Tree = { readonly [name: string]: Uint8Array };

/** Something that reads foreign bytes, and what it reads when all is well. */
export interface FuzzTarget {
  /** Sound inputs to begin with; there is at least one. */
  readonly seeds: () => readonly Tree[];
  /** Which of a tree's files are spoiled; without it, all. */
  readonly spoils?: RegExp;
  /** By the file's name, what puts its checksums right again; done in two of three inputs. */
  readonly fixUps?: readonly { readonly file: RegExp; readonly fix: FixUp }[];
  /** Reads the tree, which lies in `folder` too. Throws where the answer is one that no content may lead to. */
  readonly read: (input: FuzzInput) => Promise<void> | void;
  /** How many times faster than a format of runs it is read: its pieces are larger, since each pays for the start of a process. Default 1. */
  readonly speed?: number;
  /** Whether `read` needs the files on the disk. */
  readonly onDisk: boolean;
}

export interface FuzzInput {
  readonly tree: Tree;
  /** Name of the file that is not sound. */
  readonly spoiled: string;
  readonly folder: string;
  readonly bytes: number;
}
