import * as vscode from 'vscode';
import type { DeviceChoice } from '../../domain/device.ts';
import type { LaunchPreview } from '../../domain/launch.ts';
import type { Documents } from '../ui/documents.ts';
import { quoteArgument } from './argv.ts';
import { type Answer, type Choice, pickStep, type StepPlace } from './wizard.ts';

export interface PreviewOptions {
  readonly place: StepPlace;
  readonly preview: LaunchPreview;
  readonly device: DeviceChoice;
  readonly documents: Documents;
}

type PreviewChoice = 'start' | 'hold' | 'command' | 'config' | 'problem';

/** Shows exactly what will run. The command and the configuration open beside the form, which stays. */
export async function previewStep(options: PreviewOptions): Promise<Answer<'start' | 'hold'>> {
  const { preview, documents } = options;
  const answer = await pickStep<PreviewChoice>({
    place: options.place,
    placeholder: preview.problems.length === 0 ? `Start ${preview.name}?` : 'Something has to be changed first',
    items:
      preview.problems.length === 0
        ? readyItems(options)
        : [...preview.problems.map(problemItem), ...lookItems(preview)],
    accept: async (choice) => {
      if (choice === 'command') await look(documents, `${preview.name} command.sh`, commandText(preview));
      if (choice === 'config') await look(documents, `${preview.name} config.yaml`, preview.configYaml);
      return choice === 'start' || choice === 'hold';
    },
  });
  return answer as Answer<'start' | 'hold'>;
}

function readyItems({ preview, device }: PreviewOptions): readonly Choice<PreviewChoice>[] {
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
    ...lookItems(preview),
  ];
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
