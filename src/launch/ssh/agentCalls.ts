import type { ExitFile } from '../../domain/runDirectory.ts';
import type { StopRequest } from '../local/jobFiles.ts';

/** Calls of agent.py: one row each. Some carry bytes besides the tree, in either direction. */
export interface AgentCalls {
  hello: { params: Record<string, never>; result: { python: string; home: string; now: number; pid: number } };
  ping: { params: Record<string, never>; result: { now: number } };
  /** Bytes there: standard input. Bytes back: standard output (`out` of them), then standard error. */
  run: {
    params: { command: readonly string[]; cwd?: string; env?: { readonly [name: string]: string }; timeout?: number };
    result: { code: number; out: number };
  };
  /** Ends the program of an earlier `run`. */
  cancel: { params: { target: number }; result: Record<string, never> };
  write: { params: { path: string }; result: Record<string, never> };
  /** Bytes back: the piece, deflated where `packed`. `from` is 0 where the file is not the one that the checks speak of. */
  read: {
    params: { path: string; from: number; max: number; checks?: readonly FileCheck[] };
    result: { found: false } | { found: true; size: number; from: number; packed: boolean };
  };
  missing: { params: { base: string; hashes: readonly string[] }; result: { missing: readonly string[] } };
  put: { params: { base: string; items: readonly (readonly [hash: string, size: number])[] }; result: unknown };
  append: { params: { base: string; hash: string; from: number; size: number }; result: { have: number } };
  /** Puts code and inputs in place and starts nothing. */
  place: { params: AgentPlacing; result: AgentLaunched };
  launch: { params: AgentLaunch; result: AgentLaunched };
  stop: { params: { base: string; id: string; request: StopRequest }; result: { found: boolean } };
  /** Removes the run's folder. Refused with `conflict` while the run lives. */
  remove: { params: { base: string; id: string }; result: { found: boolean; bytes: number } };
  poll: {
    params: {
      base: string;
      interesting: string;
      jobs: readonly { readonly id: string; readonly workdir?: string; readonly full?: boolean }[];
    };
    result: { now: number; jobs: readonly AgentPresence[] };
  };
}

/** From, length, CRC-32 of a piece that is here already. */
export type FileCheck = readonly [from: number, length: number, crc32: number];

/** A file of a state of the code: path with `/`, kind, SHA-256 of its content (of its target for a link). */
export type CodeFile = readonly [path: string, mode: 'file' | 'program' | 'link', sha256: string];

/** What a run needs over there. */
export interface AgentPlacing {
  readonly base: string;
  readonly id: string;
  /** The files of the code come along when the host says that it does not know the state. */
  readonly code?: { readonly hash: string; readonly files?: readonly CodeFile[] };
  /** Further files, placed at `inputs/<name>` of the run: name, SHA-256. */
  readonly inputs?: readonly (readonly [name: string, sha256: string])[];
}

export interface AgentLaunch extends AgentPlacing {
  readonly command: {
    readonly id: string;
    readonly command: readonly string[];
    readonly cwd: string;
    readonly env: { readonly [name: string]: string };
  };
  /** A stop that was asked for before the start. */
  readonly stop?: StopRequest;
}

export type AgentLaunched =
  | { readonly kind: 'started'; readonly again?: boolean; readonly pid?: number }
  | { readonly kind: 'manifest-missing' }
  | { readonly kind: 'objects-missing'; readonly missing: readonly string[] };

/** How a job is over there. Times are of that machine's clock. */
export interface AgentPresence {
  readonly id: string;
  readonly found: boolean;
  readonly claimed?: boolean;
  /** Whether the shim lives, and whether the job's process does. */
  readonly shim?: boolean;
  readonly alive?: boolean;
  readonly pid?: number;
  readonly startedAt?: number;
  readonly rebooted?: boolean;
  readonly exit?: ExitFile;
  /** Files that changed since this agent last said so: path below the run's folder, size, time of change in ms, inode. */
  readonly files: readonly (readonly [path: string, size: number, mtimeMs: number, inode: string])[];
  /** There are too many folders to look into all of them. */
  readonly cut: boolean;
}
