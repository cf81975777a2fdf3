import * as vscode from 'vscode';
import { Disposables } from '../../base/disposables.ts';
import { interruption } from '../ui/interruptions.ts';

/** How a step ended. */
export type Answer<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'back' }
  | { readonly kind: 'cancelled' };

/** Where a step stands; a first step has no way back. */
export interface StepPlace {
  readonly title: string;
  readonly step: number;
  readonly totalSteps: number;
  readonly canGoBack: boolean;
}

export interface Choice<T> extends vscode.QuickPickItem {
  readonly value: T;
}

export interface PickOptions<T> {
  readonly place: StepPlace;
  readonly placeholder: string;
  readonly items: readonly Choice<T>[];
  /** The row that is marked at first. */
  readonly active?: (value: T) => boolean;
  /** Gives true where the choice ends the step; otherwise the list stays open. */
  readonly accept?: (value: T) => Promise<boolean>;
  /** Rows that come later and take the place of the first ones, the marked row stays. `ended` is aborted when the step ends. */
  readonly later?: (ended: AbortSignal) => Promise<readonly Choice<T>[]>;
}

/** Asks for one of several. */
export async function pickStep<T>(options: PickOptions<T>): Promise<Answer<T>> {
  const pick = vscode.window.createQuickPick<Choice<T>>();
  pick.items = [...options.items];
  pick.placeholder = options.placeholder;
  pick.matchOnDescription = true;
  pick.matchOnDetail = true;
  const active = options.items.find(({ value }) => options.active?.(value) ?? false);
  if (active !== undefined) pick.activeItems = [active];
  return await runStep<T>(pick, options.place, (finish, owned) => {
    if (options.later !== undefined) fillLater(pick, options.later, owned);
    owned.add(
      pick.onDidAccept(async () => {
        const chosen = pick.activeItems[0];
        if (chosen === undefined) return;
        if (options.accept === undefined || (await options.accept(chosen.value))) finish(chosen.value);
      }),
    );
  });
}

/** Shows that more is to come, and puts it in place without moving what the person has marked. */
function fillLater<T>(
  pick: vscode.QuickPick<Choice<T>>,
  later: (ended: AbortSignal) => Promise<readonly Choice<T>[]>,
  owned: Disposables,
): void {
  const ended = new AbortController();
  owned.add({ dispose: () => ended.abort() });
  pick.busy = true;
  void later(ended.signal).then((items) => {
    if (ended.signal.aborted) return;
    const marked = pick.activeItems[0]?.value;
    pick.keepScrollPosition = true;
    pick.items = [...items];
    const same = pick.items.find(({ value }) => value === marked);
    if (same !== undefined) pick.activeItems = [same];
    pick.busy = false;
  });
}

export interface TextOptions {
  readonly place: StepPlace;
  readonly prompt: string;
  readonly value: string;
  readonly placeholder?: string;
  /** What is wrong with the text, or undefined. */
  readonly problem: (text: string) => string | undefined;
}

/** Asks for a line of text and says what is wrong with it while it is typed. */
export async function textStep(options: TextOptions): Promise<Answer<string>> {
  const box = vscode.window.createInputBox();
  box.prompt = options.prompt;
  box.placeholder = options.placeholder;
  box.value = options.value;
  box.valueSelection = [0, options.value.length];
  const check = (): string | undefined => {
    const message = options.problem(box.value.trim());
    box.validationMessage = message;
    return message;
  };
  return await runStep<string>(box, options.place, (finish, owned) => {
    owned.add(box.onDidChangeValue(check));
    owned.add(
      box.onDidAccept(() => {
        if (check() === undefined) finish(box.value.trim());
      }),
    );
  });
}

/** How a step of a form ended. `skip`: there was nothing to ask, so the form goes on the way it was going. */
export type StepEnd = 'next' | 'back' | 'cancelled' | 'skip';
export type Step<Form> = (form: Form, place: StepPlace) => Promise<StepEnd>;

export interface FormPlace {
  readonly title: string;
  /** Index of the step to begin with. */
  readonly first?: number;
  /** Steps that were asked before these, elsewhere. */
  readonly before?: number;
  /** Whether one can go back from the first of these steps. */
  readonly canLeave?: boolean;
}

/** Asks one step after the other, forth and back. `back`: the person went back from the first one. */
export async function runSteps<Form>(
  form: Form,
  steps: readonly Step<Form>[],
  { title, first = 0, before = 0, canLeave = false }: FormPlace,
): Promise<'done' | 'back' | 'cancelled'> {
  let index = first;
  let direction = 1;
  while (index < steps.length) {
    if (index < 0) return 'back';
    const place = {
      title,
      step: before + index + 1,
      totalSteps: before + steps.length,
      canGoBack: canLeave || index > 0,
    };
    const end = await steps[index]!(form, place);
    if (end === 'cancelled') return 'cancelled';
    if (end !== 'skip') direction = end === 'next' ? 1 : -1;
    index += direction;
  }
  return 'done';
}

/** Ends a step with what was answered. */
export function endWith<T>(answer: Answer<T>, take: (value: T) => void): StepEnd {
  if (answer.kind !== 'value') return answer.kind;
  take(answer.value);
  return 'next';
}

/** Waits for an answer of the worker while the form shows that it is busy. Escape gives up the question, too. */
export async function waitStep<T>(
  place: StepPlace,
  placeholder: string,
  ask: (signal: AbortSignal) => Promise<T>,
): Promise<Answer<T>> {
  const pick = vscode.window.createQuickPick();
  pick.busy = true;
  pick.enabled = false;
  pick.placeholder = placeholder;
  const abort = new AbortController();
  let failure: unknown;
  const answer = await runStep<T | undefined>(pick, place, (finish) => {
    ask(abort.signal).then(finish, (error: unknown) => {
      failure = error;
      finish(undefined);
    });
  });
  abort.abort();
  if (failure !== undefined) throw failure;
  return answer as Answer<T>;
}

type Input = Pick<
  vscode.QuickPick<vscode.QuickPickItem>,
  | 'title'
  | 'step'
  | 'totalSteps'
  | 'buttons'
  | 'ignoreFocusOut'
  | 'onDidTriggerButton'
  | 'onDidHide'
  | 'show'
  | 'dispose'
>;

/** Shows an input with the step counter and the way back, and waits for its end. `wire` says what ends it with a value and what further buttons do. */
export async function runStep<T>(
  input: Input,
  place: StepPlace,
  wire: (finish: (value: T) => void, owned: Disposables) => void,
  buttons: readonly vscode.QuickInputButton[] = [],
): Promise<Answer<T>> {
  input.title = place.title;
  input.step = place.step;
  input.totalSteps = place.totalSteps;
  // A form of several steps must not vanish because somebody looks at another window.
  input.ignoreFocusOut = true;
  input.buttons = place.canGoBack ? [vscode.QuickInputButtons.Back, ...buttons] : [...buttons];
  const owned = new Disposables();
  try {
    return await new Promise<Answer<T>>((resolve) => {
      wire((value) => resolve({ kind: 'value', value }), owned);
      owned.add(
        input.onDidTriggerButton((button) => {
          if (button === vscode.QuickInputButtons.Back) resolve({ kind: 'back' });
        }),
      );
      owned.add(input.onDidHide(() => comeBack(input, owned, () => resolve({ kind: 'cancelled' }))));
      input.show();
    });
  } finally {
    owned.dispose();
    input.dispose();
  }
}

/** An input that went because a passphrase was asked for comes back behind that; else the person gave up. */
function comeBack(input: Pick<Input, 'show'>, owned: Disposables, giveUp: () => void): void {
  const urgent = interruption();
  if (urgent === undefined) giveUp();
  else
    void urgent.then(() => {
      if (!owned.isDisposed) input.show();
    });
}
