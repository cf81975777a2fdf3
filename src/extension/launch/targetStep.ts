import * as vscode from 'vscode';
import { toErrorInfo } from '../../base/errors.ts';
import type { NamedTarget } from '../../domain/target.ts';
import type { RpcClient } from '../../protocol/rpc.ts';
import type { WorkerEvents, WorkerMethods } from '../../protocol/worker.ts';
import { type TargetNews, targetRow } from './targetRows.ts';
import { type Answer, type Choice, runStep, type StepPlace } from './wizard.ts';

export interface TargetQuestion {
  readonly worker: RpcClient<WorkerMethods, WorkerEvents>;
  readonly folder: string;
  readonly targets: readonly NamedTarget[];
  /** Name of the target that is marked at first. */
  readonly current: string;
}

/** Asks where to run. What each target says of itself (free GPUs, partitions) appears behind it as it answers; nobody has to wait for that. */
export async function targetStep(place: StepPlace, question: TargetQuestion): Promise<Answer<NamedTarget>> {
  const { worker, folder, targets, current } = question;
  const news = new Map<string, TargetNews>(targets.map(({ name }) => [name, { kind: 'asking' }]));
  const pick = vscode.window.createQuickPick<Choice<NamedTarget>>();
  pick.placeholder = 'Where to run';
  pick.matchOnDescription = true;
  pick.busy = true;
  pick.keepScrollPosition = true;
  const abort = new AbortController();

  const draw = (): void => {
    const marked = pick.activeItems[0]?.value.name ?? current;
    pick.items = targets.map((target) => item(target, news.get(target.name) ?? { kind: 'asking' }));
    const active = pick.items.find(({ value }) => value.name === marked);
    // While somebody types, the first row that answers is marked; the former one may not be among those, and then Enter would do nothing.
    if (active !== undefined && pick.value === '') pick.activeItems = [active];
    pick.busy = [...news.values()].some(({ kind }) => kind === 'asking');
  };
  draw();
  const ask = async (name: string): Promise<void> => {
    try {
      const report = await worker.call('targets.report', { folder, target: { name } }, abort.signal);
      news.set(name, { kind: 'report', report });
    } catch (error) {
      news.set(name, { kind: 'silent', message: toErrorInfo(error).message });
    }
    if (!abort.signal.aborted) draw();
  };
  const answer = await runStep<NamedTarget>(pick, place, (finish, owned) => {
    for (const { name } of targets) void ask(name);
    owned.add(
      pick.onDidAccept(() => {
        const chosen = pick.activeItems[0];
        if (chosen !== undefined) finish(chosen.value);
      }),
    );
  });
  abort.abort();
  return answer;
}

function item(target: NamedTarget, news: TargetNews): Choice<NamedTarget> {
  const { label, description, detail, icon } = targetRow(target, news);
  return { label, description, detail, iconPath: new vscode.ThemeIcon(icon), value: target };
}
