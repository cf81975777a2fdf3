/** A message between this side and the agent: a line with two lengths, a tree as JSON, bytes. */
export interface Frame {
  readonly tree: unknown;
  readonly content: Uint8Array;
}

/** What the agent says first. A login shell may print things before it, which are no concern of ours. */
export const agentGreeting = '\0trainyard-agent 1\n';

/** A length line is two numbers; anything longer is not ours. */
const maxLine = 40;

export function encodeFrame(tree: unknown, content: Uint8Array = new Uint8Array()): Buffer {
  const head = Buffer.from(JSON.stringify(tree));
  return Buffer.concat([Buffer.from(`${head.length} ${content.length}\n`), head, content]);
}

/** Takes bytes as they come, cut anywhere, and gives whole frames. Throws on bytes that are none. */
export class FrameParser {
  #parts: Buffer[] = [];
  #length = 0;
  #wanted = 1;
  #isGreeted = false;

  get isGreeted(): boolean {
    return this.#isGreeted;
  }

  push(part: Buffer): readonly Frame[] {
    this.#parts.push(part);
    this.#length += part.length;
    const frames: Frame[] = [];
    // Parts are joined only when there may be enough of them, so that a large frame is not copied with every part.
    while (this.#length >= this.#wanted) {
      const bytes = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
      const { frame, rest } = this.#isGreeted ? this.#cut(bytes) : this.#greet(bytes);
      this.#parts = rest.length === 0 ? [] : [rest];
      this.#length = rest.length;
      if (frame !== undefined) frames.push(frame);
    }
    return frames;
  }

  #greet(bytes: Buffer): { frame?: Frame; rest: Buffer } {
    const at = bytes.indexOf(agentGreeting);
    if (at < 0) {
      // Only a beginning of the greeting may have to be kept.
      const rest = bytes.subarray(Math.max(0, bytes.length - agentGreeting.length + 1));
      this.#wanted = rest.length + 1;
      return { rest };
    }
    this.#isGreeted = true;
    this.#wanted = 1;
    return { rest: bytes.subarray(at + agentGreeting.length) };
  }

  #cut(bytes: Buffer): { frame?: Frame; rest: Buffer } {
    const end = bytes.subarray(0, maxLine).indexOf('\n');
    if (end < 0) {
      if (bytes.length >= maxLine) throw new Error('The agent sent something that is no message.');
      this.#wanted = bytes.length + 1;
      return { rest: bytes };
    }
    const lengths = /^(\d+) (\d+)$/.exec(bytes.toString('latin1', 0, end));
    if (lengths === null) throw new Error('The agent sent something that is no message.');
    const head = end + 1 + Number(lengths[1]);
    const total = head + Number(lengths[2]);
    if (bytes.length < total) {
      this.#wanted = total;
      return { rest: bytes };
    }
    this.#wanted = 1;
    const tree: unknown = JSON.parse(bytes.toString('utf8', end + 1, head));
    return { frame: { tree, content: bytes.subarray(head, total) }, rest: bytes.subarray(total) };
  }
}
