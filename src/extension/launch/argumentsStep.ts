import * as vscode from 'vscode';
import { count } from '../ui/numbers.ts';
import { joinArguments, splitArguments } from './argv.ts';
import { type Answer, runStep, type StepPlace } from './wizard.ts';

interface ArgumentItem extends vscode.QuickPickItem {
  /** The arguments that Enter takes; absent on rows that only show. */
  readonly args?: readonly string[];
}

export interface ArgumentsQuestion {
  /** What stands before the arguments; empty where the line is a command of its own. */
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly placeholder: string;
  /** Lines that were typed before, to choose from. */
  readonly former: readonly (readonly string[])[];
}

/** Asks for arguments on one line, with the quotes of a shell, and shows the exact vector that the program will get. */
export async function argumentsStep(place: StepPlace, question: ArgumentsQuestion): Promise<Answer<readonly string[]>> {
  const pick = vscode.window.createQuickPick<ArgumentItem>();
  pick.value = joinArguments(question.args);
  pick.placeholder = question.placeholder;
  pick.keepScrollPosition = false;
  const draw = (): void => {
    pick.items = argumentItems(question, pick.value);
    const first = pick.items[0];
    if (first !== undefined) pick.activeItems = [first];
  };
  draw();
  return await runStep<readonly string[]>(pick, place, (finish, owned) => {
    owned.add(pick.onDidChangeValue(draw));
    owned.add(
      pick.onDidAccept(() => {
        const args = pick.activeItems[0]?.args;
        if (args !== undefined) finish(args);
      }),
    );
  });
}

function argumentItems({ command, former }: ArgumentsQuestion, typed: string): ArgumentItem[] {
  const split = splitArguments(typed);
  if ('message' in split) return [{ label: `$(warning) ${split.message}`, alwaysShow: true }];
  const vector = [...command, ...split.args];
  if (vector.length === 0) return [{ label: 'Type a program and its arguments.', alwaysShow: true }];
  const others = typed.trim() === '' ? former : [];
  return [
    {
      label: '$(arrow-right) Continue',
      description: split.args.length === 0 ? 'without arguments' : `with ${count(split.args.length, 'argument')}`,
      alwaysShow: true,
      args: split.args,
    },
    ...others.map((args) => ({
      label: `$(history) ${joinArguments(args)}`,
      description: 'as before',
      alwaysShow: true,
      args,
    })),
    { label: 'Exactly these words', kind: vscode.QuickPickItemKind.Separator },
    ...vector.map((word, index) => ({
      label: word.replaceAll('\n', '⏎') || '(empty)',
      description: index === 0 ? 'program' : `argument ${index}`,
      alwaysShow: true,
    })),
  ];
}
