/** How a program ended elsewhere or here. */
export interface Executed {
  /** Exit code; 128 + signal where a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ExecuteOptions {
  readonly cwd?: string;
  readonly env?: { readonly [name: string]: string };
  readonly input?: string;
  /** Ends the program and throws `timed-out`. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Runs programs on some machine: this one, or one behind ssh. Arguments arrive as they are, whatever is in them; no shell sees them.
 * Throws `unreachable` where the machine does not answer, which never means that the program has not run.
 */
export interface Executor {
  /** For messages: "this machine", "testbox". */
  readonly name: string;
  run(command: readonly string[], options?: ExecuteOptions): Promise<Executed>;
  /** Writes a file whole, in place of an older one. Folders are made. */
  writeFile(file: string, content: Uint8Array | string): Promise<void>;
  /** Bytes `from … from + maxBytes` of a file and its size now; undefined where there is none. */
  readFile(
    file: string,
    from: number,
    maxBytes: number,
  ): Promise<{ readonly bytes: Uint8Array; readonly size: number } | undefined>;
}
