import type { LogEntry } from '../../domain/logEntry.ts';
import { conclusionOf, statusOf } from './labels.ts';
import { outlineOf, type Section } from './outline.ts';
import { checkpointsIn, datesIn } from './references.ts';
import { type LogLine, splitLines } from './sections.ts';
import { tablesIn } from './tables.ts';

/**
 * The entries of an EXPERIMENT_LOG.md, in its order: what `outlineOf` takes for one by its headings and its text. `file` is what the entries will say of where
 * they stand. Any text is accepted; one without headings has no entries.
 */
export function parseExperimentLog(markdown: string, file: string): readonly LogEntry[] {
  return outlineOf(splitLines(markdown)).flatMap((section) => {
    const entry = toEntry(section, file);
    return isEntry[section.isEntry](entry) ? [entry] : [];
  });
}

const isEntry = {
  always: () => true,
  'with status': ({ status }) => status !== '',
  'with content': ({ status, tables, commands }) => status !== '' || tables.length > 0 || commands.length > 0,
} as const satisfies { readonly [K in Section['isEntry']]: (entry: LogEntry) => boolean };

function toEntry({ line, phase, title, body }: Section, file: string): LogEntry {
  const commands = commandBlocks(body).flatMap(commandsIn);
  const status = statusOf(title, body);
  return {
    file,
    line,
    phase,
    title,
    status,
    command: launchAmong(commands),
    commands,
    runNames: [...new Set(commands.flatMap(namesOf))],
    tables: tablesIn(body),
    checkpoints: checkpointsIn(body),
    dates: datesIn(title, status, body),
    conclusion: conclusionOf(body),
  };
}

/** The blocks between fences that hold commands: those of a shell, and unlabelled ones that name a run. */
function commandBlocks(body: readonly LogLine[]): readonly (readonly string[])[] {
  const blocks: { readonly language: string; readonly lines: string[] }[] = [];
  for (const line of body) {
    if (line.fence === 'open') blocks.push({ language: line.text.replace(/[\s`~]/g, '').toLowerCase(), lines: [] });
    if (line.fence === 'inside') blocks.at(-1)?.lines.push(line.text);
  }
  const isShell = ({ language, lines }: (typeof blocks)[number]): boolean =>
    shells.has(language) || (language === '' && lines.some((line) => namesOf(line).length > 0));
  return blocks.filter(isShell).map(({ lines }) => lines);
}

const shells: ReadonlySet<string> = new Set([
  'bash',
  'sh',
  'shell',
  'zsh',
  'console',
  'fish',
  'powershell',
  'pwsh',
  'cmd',
]);

/** The launch command: the first one that names its run, else the first command there is. */
function launchAmong(commands: readonly string[]): string {
  return commands.find((command) => namesOf(command).length > 0) ?? commands[0] ?? '';
}

/** Commands of a block, lines that end with a backslash joined; comments left out. */
function commandsIn(block: readonly string[]): readonly string[] {
  const joined = block.join('\n').replace(/\s*\\\r?\n\s*/g, ' ');
  return joined
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** `run_name=` of Hydra command lines, `--run-name` of others. */
const commonNames = /(?:^|\s)(?:\+{0,2}run_name=|--(?:run|exp|experiment)[-_]name[= ])("[^"]*"|'[^']*'|[^\s"'<>]+)/g;
/** `name=` and `--name` of our own command line. */
const ownNames = /\s(?:name=|--name[ =])("[^"]*"|'[^']*'|[^\s"'<>]+)/g;

/** The runs that a command names. A placeholder in angle brackets is no name. */
export function namesOf(command: string): readonly string[] {
  const own = command.startsWith('trainyard ') ? [...command.matchAll(ownNames)] : [];
  return [...command.matchAll(commonNames), ...own].map((match) => match[1]!.replace(/^["']|["']$/g, ''));
}
