// A peer in a child process that waits between its turns.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

/** What a turn took, by the clock and of the processors. */
export interface PeerTurn {
  readonly seconds: number;
  readonly used: number;
  readonly losses: readonly number[];
}

/** How a peer is started: a program, its arguments, its environment. */
export interface PeerCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** A program that says its version in a line of JSON and answers each line with a number of steps by a line with a `PeerTurn`. */
export class ChildPeer {
  readonly version: string;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #folder: string;
  readonly #complaint: () => string;

  private constructor(
    child: ChildProcess,
    lines: AsyncIterator<string>,
    folder: string,
    version: string,
    complaint: () => string,
  ) {
    this.#complaint = complaint;
    this.#child = child;
    this.#lines = lines;
    this.#folder = folder;
    this.version = version;
  }

  /** `prepare` writes what the peer reads into a fresh folder. null where that or the start fails; the reason goes to the terminal. */
  static async start(name: string, prepare: (folder: string) => PeerCommand | null): Promise<ChildPeer | null> {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-bench-'));
    const command = prepare(folder);
    if (command === null) {
      rmSync(folder, { recursive: true });
      return null;
    }
    const child = spawn(command.program, command.args, { env: command.env, stdio: ['pipe', 'pipe', 'pipe'] });
    let complaints = '';
    child.stderr!.on('data', (chunk: Buffer) => {
      complaints += chunk.toString();
    });
    child.on('error', (error) => {
      complaints += error.message;
    });
    child.stdin!.on('error', () => undefined);
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    const complaint = () => complaints.match(/^[\w.]*Error\b.*$/m)?.[0] ?? complaints.trim().split('\n').at(-1) ?? '';
    for (let line = await lines.next(); line.done !== true; line = await lines.next()) {
      const version = versionIn(line.value);
      if (version !== undefined) return new ChildPeer(child, lines, folder, version, complaint);
    }
    rmSync(folder, { recursive: true });
    console.log(`No ${name}: ${complaint()}`);
    return null;
  }

  /** Seconds, seconds of processor time and losses of some steps; null where the peer has ended. */
  async run(steps: number): Promise<PeerTurn | null> {
    this.#child.stdin!.write(`${steps}\n`);
    const { value, done } = await this.#lines.next();
    return done === true ? null : JSON.parse(value);
  }

  /** Why it ended, in its own words. */
  get complaint(): string {
    return this.#complaint();
  }

  async dispose(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.stdin!.end();
    if (this.#child.exitCode === null && this.#child.signalCode === null) await ended;
    rmSync(this.#folder, { recursive: true });
  }
}

/** Some libraries greet their users first. */
function versionIn(line: string): string | undefined {
  if (!line.startsWith('{"version":')) return undefined;
  return (JSON.parse(line) as { readonly version: string }).version;
}
