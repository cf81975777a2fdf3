import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { Disposable } from '../../base/disposables.ts';
import type { SecretQuestion } from '../../domain/secret.ts';
import type { SshPlace } from '../../domain/target.ts';
import { quoteCommand } from '../remote/shellQuote.ts';
import type { PromptChannel } from './agentConnection.ts';

/** A helper that answers a question wrongly is asked again without end; people err less often. */
const maxQuestions = 6;

/** Asks a person. Gives undefined where nobody can answer or somebody declines. */
export type AskSecret = (question: SecretQuestion, signal: AbortSignal) => Promise<string | undefined>;

export interface AskPassOptions {
  /** Node and its arguments up to the helper program, `askpassMain`. */
  readonly program: readonly string[];
  readonly env: { readonly [name: string]: string };
  readonly ask: AskSecret;
}

interface Channel {
  readonly host: string;
  readonly ended: AbortController;
  asked: number;
  unanswered: string | undefined;
}

/**
 * Lets ssh ask people through a helper program and a socket in a folder that only this user may enter. Answers pass through memory alone. Every
 * attempt to connect has a word of its own, so that a helper can ask only for the attempt that started it.
 */
export class AskPass implements Disposable {
  readonly #options: AskPassOptions;
  readonly #channels = new Map<string, Channel>();
  #folder: string | undefined;
  #server: net.Server | undefined;
  #place: Promise<{ helper: string; socket: string }> | undefined;

  constructor(options: AskPassOptions) {
    this.#options = options;
  }

  /** The questions of one attempt to connect. */
  readonly open = async (place: SshPlace): Promise<PromptChannel & Disposable> => {
    this.#place ??= this.#listen();
    const { helper, socket } = await this.#place;
    const token = randomBytes(16).toString('hex');
    const channel: Channel = { host: place.host, ended: new AbortController(), asked: 0, unanswered: undefined };
    this.#channels.set(token, channel);
    return {
      env: {
        ...this.#options.env,
        SSH_ASKPASS: helper,
        SSH_ASKPASS_REQUIRE: 'force',
        // Before OpenSSH 8.4 only a display makes ssh use the helper.
        DISPLAY: process.env['DISPLAY'] ?? ':0',
        TRAINYARD_ASK_SOCKET: socket,
        TRAINYARD_ASK_TOKEN: token,
      },
      unanswered: () => channel.unanswered,
      dispose: () => {
        this.#channels.delete(token);
        channel.ended.abort();
      },
    };
  };

  dispose(): void {
    for (const channel of this.#channels.values()) channel.ended.abort();
    this.#channels.clear();
    // At once: the process may end right after.
    this.#server?.close();
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  }

  async #listen(): Promise<{ helper: string; socket: string }> {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-ask-'));
    this.#folder = folder;
    const helper = path.join(folder, 'askpass');
    // ssh takes one program without arguments, so the words of ours stand in a file.
    writeFileSync(helper, `#!/bin/sh\nexec ${quoteCommand(this.#options.program)} "$1"\n`, { mode: 0o700 });
    const socket = path.join(folder, 's');
    const server = net.createServer({ allowHalfOpen: true }, (connection) => this.#serve(connection));
    this.#server = server;
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socket, resolve));
    chmodSync(socket, 0o600);
    return { helper, socket };
  }

  #serve(connection: net.Socket): void {
    let text = '';
    connection.on('error', () => connection.destroy());
    connection.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      const end = text.indexOf('\n');
      if (end < 0) return;
      connection.removeAllListeners('data');
      void this.#answer(text.slice(0, end), connection);
    });
  }

  async #answer(line: string, connection: net.Socket): Promise<void> {
    const { token, prompt, mode } = JSON.parse(line) as { token: string; prompt: string; mode: string };
    const channel = this.#channels.get(token);
    const answer = channel === undefined ? undefined : await this.#ask(channel, prompt, mode, connection);
    connection.end(answer === undefined ? '' : JSON.stringify({ text: answer }));
  }

  async #ask(channel: Channel, prompt: string, mode: string, connection: net.Socket): Promise<string | undefined> {
    channel.asked += 1;
    if (channel.asked > maxQuestions) return undefined;
    const gone = new AbortController();
    connection.once('close', () => gone.abort());
    const question: SecretQuestion = { host: channel.host, prompt, kind: kindOf(prompt, mode) };
    const signal = AbortSignal.any([channel.ended.signal, gone.signal]);
    const answer = await this.#options.ask(question, signal).catch(() => undefined);
    if (answer === undefined && question.kind !== 'notice') channel.unanswered = prompt;
    return answer;
  }
}

/** SSH_ASKPASS_PROMPT is `confirm` for yes or no by exit code and `none` for a notice (ssh(1)); the question about a host key wants a word. */
function kindOf(prompt: string, mode: string): SecretQuestion['kind'] {
  if (mode === 'none') return 'notice';
  return mode === 'confirm' || /\(?yes\/no/.test(prompt) || /Please type 'yes'/.test(prompt) ? 'confirm' : 'secret';
}
