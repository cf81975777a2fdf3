import { randomUUID } from 'node:crypto';
import { Disposables } from '../base/disposables.ts';
import type { SecretQuestion } from '../domain/secret.ts';
import type { Clients } from './clients.ts';

/** A person who does not answer for this long is not there. ssh itself gives up sooner or later, too. */
const patienceMs = 180_000;

interface Open {
  readonly question: SecretQuestion;
  readonly settle: (answer: string | undefined) => void;
}

/** Questions of programs for people: told to every window, answered by the first. Answers pass through memory and are kept nowhere. */
export class Secrets extends Disposables {
  readonly #clients: Clients;
  readonly #open = new Map<string, Open>();

  constructor(clients: Clients) {
    super();
    this.#clients = clients;
    this.onDispose(() => {
      for (const { settle } of this.#open.values()) settle(undefined);
    });
  }

  /** The answer; undefined where nobody is there, somebody declines, or nobody needs it any more. */
  ask(question: SecretQuestion, signal: AbortSignal): Promise<string | undefined> {
    if (this.isDisposed || signal.aborted || !this.#clients.hasWindow) return Promise.resolve(undefined);
    const id = randomUUID();
    return new Promise((resolve) => {
      const settle = (answer: string | undefined): void => {
        if (!this.#open.delete(id)) return;
        clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
        this.#clients.tell('secrets.settled', { id });
        resolve(answer);
      };
      const giveUp = (): void => settle(undefined);
      const timer = setTimeout(giveUp, patienceMs);
      signal.addEventListener('abort', giveUp);
      this.#open.set(id, { question, settle });
      this.#clients.tell('secrets.asked', { id, question });
    });
  }

  answer(id: string, answer: string | undefined): void {
    this.#open.get(id)?.settle(answer);
  }
}
