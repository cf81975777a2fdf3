import * as vscode from 'vscode';
import { Disposables } from '../../base/disposables.ts';
import type { SecretQuestion } from '../../domain/secret.ts';
import type { App } from '../app.ts';
import { interrupt } from '../ui/interruptions.ts';
import { hasStoredAnswer, isWrongAnswer, secretKey } from './secretKeys.ts';

/** A window that nobody looks at leaves the question to the one in front for this long. */
const POLITENESS_MS = 700;

const remember: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon('save'),
  tooltip: 'Keep this answer in VS Code’s secret storage',
};

/**
 * Puts questions of programs (ssh's passphrase, whether a host key is right) to the person, in the window that is looked at. Answers are kept only where
 * the person presses the button for it, in VS Code's secret storage; one that did not fit is forgotten.
 */
export class Secrets extends Disposables {
  readonly #app: App;
  /** Questions on the screen, with what takes them away. */
  readonly #shown = new Map<string, () => void>();
  readonly #asked = new Map<string, number>();

  constructor(app: App) {
    super();
    this.#app = app;
    this.add(
      app.worker.on('secrets.asked', ({ id, question }) => void this.#take(id, question).catch(() => undefined)),
    );
    this.add(app.worker.on('secrets.settled', ({ id }) => this.#close(id)));
    this.onDispose(() => {
      for (const close of this.#shown.values()) close();
    });
  }

  #close(id: string): void {
    this.#shown.get(id)?.();
    this.#shown.delete(id);
  }

  async #take(id: string, question: SecretQuestion): Promise<void> {
    // Known from here on, so that an answer of another window takes it away before it is shown.
    let isSettled = false;
    this.#shown.set(id, () => {
      isSettled = true;
    });
    const kept = await this.#keptAnswer(question);
    if (kept !== undefined) return await this.#answer(id, kept);
    if (!vscode.window.state.focused) await new Promise((resolve) => setTimeout(resolve, POLITENESS_MS));
    if (isSettled || this.isDisposed) return;
    await this.#ask(id, question);
  }

  async #ask(id: string, question: SecretQuestion): Promise<void> {
    if (question.kind === 'notice') {
      // Nothing is to be answered: the person touches a key, and the program goes on.
      void vscode.window.showInformationMessage(`${question.host}: ${question.prompt}`);
      return;
    }
    const answer = question.kind === 'confirm' ? await this.#confirm(question) : await this.#password(id, question);
    this.#shown.delete(id);
    await this.#answer(id, answer);
  }

  async #confirm({ host, prompt }: SecretQuestion): Promise<string | undefined> {
    const chosen = await vscode.window.showWarningMessage(
      `SSH asks about ${host}`,
      { modal: true, detail: prompt },
      'Yes',
    );
    return chosen === 'Yes' ? 'yes' : undefined;
  }

  async #password(id: string, question: SecretQuestion): Promise<string | undefined> {
    const box = vscode.window.createInputBox();
    let isKept = false;
    box.title = `SSH: ${question.host}`;
    box.prompt = question.prompt;
    box.password = true;
    box.ignoreFocusOut = true;
    // A code that holds once is not worth keeping.
    box.buttons = hasStoredAnswer(question) ? [remember] : [];
    try {
      const answer = await interrupt(
        () =>
          new Promise<string | undefined>((resolve) => {
            this.#shown.set(id, () => resolve(undefined));
            box.onDidTriggerButton(() => {
              isKept = !isKept;
              box.prompt = isKept ? `${question.prompt} (will be kept in VS Code’s secret storage)` : question.prompt;
            });
            box.onDidAccept(() => resolve(box.value));
            box.onDidHide(() => resolve(undefined));
            box.show();
          }),
      );
      if (answer !== undefined && isKept) await this.#app.context.secrets.store(secretKey(question), answer);
      return answer;
    } finally {
      box.dispose();
    }
  }

  /** An answer that was kept, once: asked again soon after, it was wrong and is forgotten. */
  async #keptAnswer(question: SecretQuestion): Promise<string | undefined> {
    if (!hasStoredAnswer(question)) return undefined;
    const key = secretKey(question);
    const answer = await this.#app.context.secrets.get(key);
    if (answer === undefined) return undefined;
    const now = Date.now();
    const last = this.#asked.get(key);
    this.#asked.set(key, now);
    if (!isWrongAnswer(last, now)) return answer;
    await this.#app.context.secrets.delete(key);
    return undefined;
  }

  async #answer(id: string, answer: string | undefined): Promise<void> {
    // Another window may have been quicker; then there is nothing left to say.
    const given = answer === undefined ? {} : { answer };
    await this.#app.worker.call('secrets.answer', { id, ...given }).catch(() => undefined);
  }
}
