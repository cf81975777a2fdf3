import * as vscode from 'vscode';
import type { CommandPreview } from '../../domain/commandLaunch.ts';
import type { Documents } from '../ui/documents.ts';
import { count } from '../ui/numbers.ts';
import { type Answer, type Choice, pickStep, type StepPlace } from './wizard.ts';

/** Trials of a sweep, where the launch is one. */
export interface SweepOutlook {
  readonly trials: readonly (readonly string[])[];
  readonly total: number;
  readonly problems: readonly string[];
}

export interface CommandPreviewQuestion {
  readonly place: StepPlace;
  readonly preview: CommandPreview;
  readonly sweep?: SweepOutlook;
  readonly documents: Documents;
  /** Opens the configuration beside that of the last run. */
  readonly showChanges: (preview: CommandPreview) => Promise<void>;
}

type PreviewChoice = 'start' | 'hold' | 'copy' | 'config' | 'changes' | 'trials' | 'sentence';

/** Shows exactly what will run, what differs from the last time, and what a person should know before. Everything to look at opens beside the form. */
export async function commandPreviewStep(question: CommandPreviewQuestion): Promise<Answer<'start' | 'hold'>> {
  const { preview, sweep, documents } = question;
  const problems = [...preview.problems, ...(sweep?.problems ?? [])];
  const title =
    sweep === undefined ? `Start ${preview.name}?` : `Start ${count(sweep.total, 'trial')} of ${preview.name}?`;
  const answer = await pickStep<PreviewChoice>({
    place: question.place,
    placeholder: problems.length === 0 ? title : 'Something has to be changed first',
    items: [
      ...problems.map((text) => sentence(text, 'error', 'go back to change it')),
      ...(problems.length === 0 ? startItems(question) : []),
      ...preview.warnings.map((text) => sentence(text, 'warning', '')),
      ...lookItems(question),
    ],
    accept: async (choice) => {
      if (choice === 'copy') await copyCommand(preview);
      if (choice === 'config') await look(documents, `${preview.name} config.yaml`, preview.configYaml ?? '');
      if (choice === 'changes') await question.showChanges(preview);
      if (choice === 'trials') await look(documents, `${preview.name} trials.txt`, trialsText(sweep));
      return choice === 'start' || choice === 'hold';
    },
  });
  return answer as Answer<'start' | 'hold'>;
}

function startItems({ preview, sweep }: CommandPreviewQuestion): readonly Choice<PreviewChoice>[] {
  const code =
    preview.commit === undefined
      ? 'no git commit'
      : `commit ${preview.commit.slice(0, 10)}${preview.dirty ? ' with changes, kept as a patch' : ''}`;
  const start: Choice<PreviewChoice> = {
    label: 'Start',
    description: `on ${preview.target === 'local' ? 'this machine' : preview.target} · ${code}`,
    detail: preview.runDirectory,
    iconPath: new vscode.ThemeIcon('play'),
    value: 'start',
  };
  // A sweep is held by pausing it.
  if (sweep !== undefined) return [start];
  return [
    start,
    {
      label: 'Put into the queue on hold',
      description: 'waits until you release it',
      iconPath: new vscode.ThemeIcon('debug-pause'),
      value: 'hold',
    },
  ];
}

function lookItems({ preview, sweep }: CommandPreviewQuestion): readonly Choice<PreviewChoice>[] {
  const items: Choice<PreviewChoice>[] = [
    {
      label: 'Copy the exact command',
      description: `in ${preview.cwd}`,
      detail: preview.commandLine,
      iconPath: new vscode.ThemeIcon('copy'),
      value: 'copy',
    },
  ];
  if (sweep !== undefined) {
    const [first] = sweep.trials;
    items.push({
      label: 'Show the trials',
      description: count(sweep.total, 'trial'),
      ...(first === undefined ? {} : { detail: `first: ${first.join(' ')}` }),
      iconPath: new vscode.ThemeIcon('list-ordered'),
      value: 'trials',
    });
  }
  if (preview.configYaml !== undefined) {
    items.push({
      label: 'Show the composed configuration',
      description: preview.isEstimate === true ? 'an estimate: the project’s own Hydra could not be asked' : '',
      iconPath: new vscode.ThemeIcon('file-code'),
      value: 'config',
    });
  }
  if (preview.changesFrom !== undefined) {
    items.push({
      label: 'Differences from the last run',
      description: preview.changes.length === 0 ? `none from ${preview.changesFrom}` : preview.changesFrom,
      ...(preview.changes.length === 0 ? {} : { detail: preview.changes.join(' · ') }),
      iconPath: new vscode.ThemeIcon('diff'),
      value: 'changes',
    });
  }
  return [...items, ...preview.targetLines.map((text) => sentence(text, 'server', 'told to the target'))];
}

function sentence(text: string, icon: string, description: string): Choice<PreviewChoice> {
  return { label: text, description, iconPath: new vscode.ThemeIcon(icon), value: 'sentence' };
}

async function copyCommand(preview: CommandPreview): Promise<void> {
  await vscode.env.clipboard.writeText(preview.commandLine);
  vscode.window.setStatusBarMessage('Command copied', 3000);
}

async function look(documents: Documents, name: string, text: string): Promise<void> {
  await documents.show(name, text, { preserveFocus: true, viewColumn: vscode.ViewColumn.Beside });
}

function trialsText(sweep: SweepOutlook | undefined): string {
  const lines = (sweep?.trials ?? []).map((overrides, index) => `${index}\t${overrides.join(' ')}`);
  const rest = (sweep?.total ?? 0) - lines.length;
  return [...lines, ...(rest > 0 ? [`… and ${rest} more`] : []), ''].join('\n');
}
