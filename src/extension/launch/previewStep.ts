import * as vscode from 'vscode';
import { describeError } from '../../base/errors.ts';
import type { DeviceChoice } from '../../domain/device.ts';
import type { LaunchPreview } from '../../domain/launch.ts';
import type { MemoryEstimate } from '../../domain/memoryEstimate.ts';
import type { Documents } from '../ui/documents.ts';
import { quoteArgument } from './argv.ts';
import { memoryRows } from './memoryRows.ts';
import { type Answer, type Choice, pickStep, type StepPlace } from './wizard.ts';

export interface PreviewOptions {
  readonly place: StepPlace;
  readonly preview: LaunchPreview;
  readonly device: DeviceChoice;
  readonly documents: Documents;
  /** What the run would need of memory: known later, from a process that builds its graph. */
  readonly askMemory: (ended: AbortSignal) => Promise<MemoryEstimate>;
}

/** `batch`: take the batch that would fit into memory, and look again. */
type PreviewEnd = 'start' | 'hold' | { readonly batch: number };
type PreviewChoice = PreviewEnd | 'command' | 'config' | 'problem' | 'memory';

/** Shows exactly what will run. The command and the configuration open beside the form, which stays. */
export async function previewStep(options: PreviewOptions): Promise<Answer<PreviewEnd>> {
  const { preview, documents } = options;
  const isReady = preview.problems.length === 0;
  const answer = await pickStep<PreviewChoice>({
    place: options.place,
    placeholder: isReady ? `Start ${preview.name}?` : 'Something has to be changed first',
    items: isReady ? readyItems(options, [askedMemory]) : [...preview.problems.map(problemItem), ...lookItems(preview)],
    ...(isReady ? { later: async (ended: AbortSignal) => readyItems(options, await memoryItems(options, ended)) } : {}),
    accept: async (choice) => {
      if (choice === 'command') await look(documents, `${preview.name} command.sh`, commandText(preview));
      if (choice === 'config') await look(documents, `${preview.name} config.yaml`, preview.configYaml);
      return choice === 'start' || choice === 'hold' || typeof choice === 'object';
    },
  });
  return answer as Answer<PreviewEnd>;
}

function readyItems(
  { preview, device }: PreviewOptions,
  memory: readonly Choice<PreviewChoice>[],
): readonly Choice<PreviewChoice>[] {
  const code =
    preview.commit === undefined
      ? 'no git commit'
      : `commit ${preview.commit.slice(0, 10)}${preview.dirty ? ' with changes, kept as a patch' : ''}`;
  return [
    {
      label: 'Start',
      description: `on ${device} · ${code}`,
      detail: preview.runDirectory,
      iconPath: new vscode.ThemeIcon('play'),
      value: 'start',
    },
    {
      label: 'Put into the queue on hold',
      description: 'waits until you release it',
      iconPath: new vscode.ThemeIcon('debug-pause'),
      value: 'hold',
    },
    ...memory,
    ...lookItems(preview),
  ];
}

const askedMemory: Choice<PreviewChoice> = {
  label: 'Memory',
  description: 'being estimated …',
  iconPath: new vscode.ThemeIcon('loading~spin'),
  value: 'memory',
};

async function memoryItems(
  { askMemory }: PreviewOptions,
  ended: AbortSignal,
): Promise<readonly Choice<PreviewChoice>[]> {
  try {
    return memoryRows(await askMemory(ended)).map(({ icon, ...row }) => ({
      ...row,
      iconPath: new vscode.ThemeIcon(icon),
    }));
  } catch (error) {
    const description = `not known: ${describeError(error)}`;
    return [{ label: 'Memory', description, iconPath: new vscode.ThemeIcon('question'), value: 'memory' }];
  }
}

function lookItems(preview: LaunchPreview): readonly Choice<PreviewChoice>[] {
  return [
    {
      label: 'Show the exact command',
      detail: preview.command.join(' '),
      iconPath: new vscode.ThemeIcon('terminal'),
      value: 'command',
    },
    { label: 'Show the resolved configuration', iconPath: new vscode.ThemeIcon('file-code'), value: 'config' },
  ];
}

function problemItem(problem: string): Choice<PreviewChoice> {
  return {
    label: problem,
    description: 'go back to change it',
    iconPath: new vscode.ThemeIcon('error'),
    value: 'problem',
  };
}

async function look(documents: Documents, name: string, text: string): Promise<void> {
  await documents.show(name, text, { preserveFocus: true, viewColumn: vscode.ViewColumn.Beside });
}

/** The command as a person could paste it: an argument vector, quoted for a POSIX shell. It is never run this way by Trainyard itself. */
function commandText({ command, cwd }: LaunchPreview): string {
  return [`cd ${quoteArgument(cwd)}`, command.map(quoteArgument).join(' \\\n  '), ''].join('\n');
}
