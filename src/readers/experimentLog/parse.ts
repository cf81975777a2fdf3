import type { LogEntry } from '../../domain/logEntry.ts';
import { checkpointsIn, datesIn } from './references.ts';
import { headingOf, type LogLine, splitLines } from './sections.ts';
import { tablesIn } from './tables.ts';

/** Part of the log below one heading. */
interface Section {
  readonly line: number;
  readonly level: number;
  readonly phase: string;
  readonly title: string;
  readonly body: readonly LogLine[];
}

/**
 * The entries of an EXPERIMENT_LOG.md, in its order: each `###` heading, and each `##` heading that has a status of its own. `file` is what the entries
 * will say of where they stand. Any text is accepted; one without headings has no entries.
 */
export function parseExperimentLog(markdown: string, file: string): readonly LogEntry[] {
  return sectionsOf(splitLines(markdown)).flatMap((section) => {
    const entry = toEntry(section, file);
    return section.level === 3 || (section.level === 2 && entry.status !== '') ? [entry] : [];
  });
}

function sectionsOf(lines: readonly LogLine[]): readonly Section[] {
  const headings = lines.flatMap((line, index) => {
    const heading = headingOf(line);
    // Deeper headings belong to the entry that they stand in.
    return heading === undefined || heading.level > 3 ? [] : [{ ...heading, line: index }];
  });
  let phase = '';
  return headings.map((heading, index) => {
    if (heading.level === 1) phase = '';
    if (heading.level === 2) phase = heading.title;
    const end = headings[index + 1]?.line ?? lines.length;
    return { ...heading, phase, body: lines.slice(heading.line + 1, end) };
  });
}

function toEntry({ line, phase, title, body }: Section, file: string): LogEntry {
  const commands = commandBlocks(body).flatMap(commandsIn);
  const status = labelled(body, 'Status').replace(/^[a-z]+/i, (word) => word.toUpperCase());
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
    conclusion: labelled(body, 'Conclusion'),
  };
}

/** The paragraph that begins with `**Label:**`, on one line; '' where there is none. */
function labelled(body: readonly LogLine[], label: string): string {
  const begins = new RegExp(`^\\s*(?:[-*]\\s+)?\\*\\*${label}:?\\*\\*:?\\s*(.*)$`, 'i');
  const from = body.findIndex((line) => line.fence === 'outside' && begins.test(line.text));
  if (from < 0) return '';
  const first = begins.exec(body[from]!.text)![1]!;
  const rest: string[] = [];
  for (const line of body.slice(from + 1)) {
    if (line.fence !== 'outside' || line.text.trim() === '' || /^\s*(\*\*[^*]+:\*\*|[|#>-]|\d+\.)/.test(line.text))
      break;
    rest.push(line.text.trim());
  }
  return [first.trim(), ...rest].join(' ').trim();
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

/** `run_name=` of Hydra command lines. */
const hydraNames = /(?:^|\s)\+{0,2}run_name=("[^"]*"|'[^']*'|[^\s"'<>]+)/g;
/** `name=` and `--name` of our own command line. */
const ownNames = /\s(?:name=|--name[ =])("[^"]*"|'[^']*'|[^\s"'<>]+)/g;

/** The runs that a command names. A placeholder in angle brackets is no name. */
export function namesOf(command: string): readonly string[] {
  const own = command.startsWith('trainyard ') ? [...command.matchAll(ownNames)] : [];
  return [...command.matchAll(hydraNames), ...own].map((match) => match[1]!.replace(/^["']|["']$/g, ''));
}
