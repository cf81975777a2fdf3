import { open } from 'node:fs/promises';
import { deflateSync } from 'node:zlib';
import type { AgentLaunched, AgentPlacing } from './agentCalls.ts';
import type { CodeState } from './codeState.ts';
import type { SshHost } from './sshHost.ts';

/** A content that the host may lack. */
export type Content = { readonly file: string; readonly size: number } | { readonly text: string };

const batchBytes = 4 * 1024 * 1024;
const sendMs = 300_000;
/** Each round sends what the last answer named; more rounds than this mean that the host forgets what it was given. */
const maxRounds = 5;

/**
 * Asks the host to place or launch, and sends the files and contents that it says it lacks, until it has all. The code is opened only when something of
 * it is lacking. Throws what the host says, and `unreachable` where it is silent.
 */
export async function withContents<P extends AgentPlacing>(
  host: SshHost,
  params: P,
  inputs: ReadonlyMap<string, Content>,
  openCode: () => Promise<Pick<CodeState, 'files' | 'contents'>>,
  ask: (params: P) => Promise<AgentLaunched>,
): Promise<AgentLaunched> {
  let current = params;
  for (let round = 0; ; round++) {
    const answer = await ask(current);
    if (answer.kind === 'started' || round === maxRounds) return answer;
    if (answer.kind === 'manifest-missing') {
      const { files } = await openCode();
      current = { ...params, code: { ...params.code!, files } };
      continue;
    }
    const isOfInputs = answer.missing.every((hash) => inputs.has(hash));
    const contents = isOfInputs ? inputs : new Map([...(await openCode()).contents, ...inputs]);
    await sendContents(host, params.base, answer.missing, contents);
  }
}

/** Sends contents, small ones together. */
async function sendContents(
  host: SshHost,
  base: string,
  hashes: readonly string[],
  contents: ReadonlyMap<string, Content>,
): Promise<void> {
  let batch: { hash: string; bytes: Buffer }[] = [];
  let size = 0;
  const flush = async () => {
    if (batch.length === 0) return;
    const items = batch.map(({ hash, bytes }) => [hash, bytes.length] as const);
    const content = deflateSync(Buffer.concat(batch.map(({ bytes }) => bytes)), { level: 3 });
    batch = [];
    size = 0;
    await host.call('put', { base, items }, { content, timeoutMs: sendMs });
  };
  for (const hash of hashes) {
    const content = contents.get(hash);
    if (content === undefined) continue;
    if ('file' in content && content.size > batchBytes) {
      await sendLarge(host, base, hash, content);
      continue;
    }
    const bytes = 'text' in content ? Buffer.from(content.text) : await readWhole(content.file);
    batch.push({ hash, bytes });
    size += bytes.length;
    if (size >= batchBytes) await flush();
  }
  await flush();
}

/** Sends a large content in pieces, going on where an earlier attempt was cut off. */
async function sendLarge(
  host: SshHost,
  base: string,
  hash: string,
  { file, size }: { file: string; size: number },
): Promise<void> {
  const handle = await open(file, 'r');
  try {
    let from = 0;
    while (from < size) {
      const buffer = Buffer.alloc(Math.min(batchBytes, size - from));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, from);
      if (bytesRead === 0) return;
      const content = deflateSync(buffer.subarray(0, bytesRead), { level: 1 });
      const { result } = await host.call('append', { base, hash, from, size }, { content, timeoutMs: sendMs });
      from = result.have;
    }
  } finally {
    await handle.close();
  }
}

async function readWhole(file: string): Promise<Buffer> {
  const handle = await open(file, 'r');
  try {
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}
