import * as vscode from 'vscode';
import { Disposables } from '../base/disposables.ts';
import type { RunSummary } from '../domain/run.ts';
import { viewIds } from './contributions.ts';
import { statusBarFacts } from './runs/counts.ts';
import type { RunsFeed } from './runs/feed.ts';

/** The one status bar item: how many runs are in progress and how many failed lately. It appears when there is something to say. */
export class StatusBar extends Disposables {
  readonly #item: vscode.StatusBarItem;

  constructor(feed: RunsFeed) {
    super();
    this.#item = this.add(vscode.window.createStatusBarItem('trainyard.status', vscode.StatusBarAlignment.Left));
    this.#item.name = 'Trainyard';
    this.#item.command = `${viewIds.runs}.focus`;
    this.add(feed.onChange(() => this.#show([...feed.runs.values()])));
  }

  #show(runs: readonly RunSummary[]): void {
    const facts = statusBarFacts(runs, Date.now() / 1000);
    if (facts === undefined) {
      this.#item.hide();
      return;
    }
    this.#item.text = facts.text;
    this.#item.tooltip = facts.tooltip;
    this.#item.accessibilityInformation = { label: facts.speech, role: 'button' };
    this.#item.show();
  }
}
