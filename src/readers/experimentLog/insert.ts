import { namesOf } from './parse.ts';
import { headingOf, type LogLine, splitLines } from './sections.ts';

/** An entry to be written. */
export interface NewLogEntry {
  /** The `##` section that it goes into; it is made at the end where there is none of this title. */
  readonly phase: string;
  readonly title: string;
  readonly status: string;
  /** Argument vector that a person can run again. */
  readonly command: readonly string[];
  readonly runName: string;
  readonly configFile?: string;
  readonly commit?: string;
  readonly dirty?: boolean;
  /** Rows of the result table: metric and value, as they shall read. */
  readonly results: readonly { readonly metric: string; readonly value: string }[];
  readonly checkpoints?: readonly string[];
  readonly conclusion: string;
}

/**
 * A log with one more entry, and the line (from 0) of the entry's heading. Everything that stood there stays byte for byte, in the file's own line breaks;
 * an empty text becomes a new log. The entry goes to the end of its phase.
 */
export function insertEntry(text: string, entry: NewLogEntry): { readonly text: string; readonly line: number } {
  const newline = /\r\n/.test(text) ? '\r\n' : '\n';
  const base = text.trim() === '' ? `# Experiment Log${newline}` : text;
  const place = findPlace(base, entry.phase);
  const before = base.slice(0, place.offset);
  const after = base.slice(place.offset);
  const heading = place.makesPhase ? `## ${oneLine(entry.phase)}\n\n` : '';
  const body = (heading + formatEntry(entry)).replaceAll('\n', newline);
  const gap = separator(before, newline);
  const inserted = gap + body + (after === '' || /^\r?\n/.test(after) ? '' : newline);
  const offsetOfHeading = before.length + gap.length + heading.replaceAll('\n', newline).length;
  const written = before + inserted + after;
  return { text: written, line: countLines(written.slice(0, offsetOfHeading)) };
}

/** The entry in Markdown, `\n` for line breaks, ending with one. */
function formatEntry(entry: NewLogEntry): string {
  const command = [...entry.command.map(quote), ...(namesRun(entry) ? [] : [`run_name=${quote(entry.runName)}`])].join(
    ' ',
  );
  const parts = [
    `### ${oneLine(entry.title)}`,
    `**Status:** ${oneLine(entry.status).toUpperCase()}`,
    fenced(command),
    entry.configFile === undefined ? '' : `**Configuration:** \`${oneLine(entry.configFile)}\``,
    entry.commit === undefined
      ? ''
      : `**Commit:** \`${oneLine(entry.commit)}\`${entry.dirty === true ? ' with uncommitted changes' : ''}`,
    resultTable(entry),
    entry.checkpoints === undefined || entry.checkpoints.length === 0
      ? ''
      : `**Checkpoints:** ${entry.checkpoints.map((name) => `\`${oneLine(name)}\``).join(', ')}`,
    entry.conclusion.trim() === '' ? '' : `**Conclusion:** ${safeParagraph(entry.conclusion)}`,
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** Where the entry goes: before the next heading of level 1 or 2 behind its phase, without the rule (`---`) that may stand before that heading. */
function findPlace(text: string, phase: string): { readonly offset: number; readonly makesPhase: boolean } {
  const lines = splitLines(text);
  const from = lines.findIndex((line) => {
    const heading = headingOf(line);
    return heading?.level === 2 && heading.title === oneLine(phase);
  });
  if (from < 0) return { offset: text.length, makesPhase: true };
  const next = lines.findIndex((line, index) => index > from && (headingOf(line)?.level ?? 9) <= 2);
  if (next < 0) return { offset: text.length, makesPhase: false };
  return { offset: behindLastContent(lines, next), makesPhase: false };
}

/** The end of the last line before `next` that is neither empty nor a rule. */
function behindLastContent(lines: readonly LogLine[], next: number): number {
  let last = next - 1;
  while (last > 0 && /^\s*(?:-{3,}|\*{3,}|_{3,})?\s*$/.test(lines[last]!.text) && lines[last]!.fence === 'outside')
    last--;
  return lines[last]!.end;
}

/** What must stand between the text before and a new paragraph: nothing is added where an empty line is there already. */
function separator(before: string, newline: string): string {
  if (before === '' || /\n[ \t]*\r?\n$/.test(before)) return '';
  return before.endsWith('\n') ? newline : newline + newline;
}

function resultTable({ results }: NewLogEntry): string {
  if (results.length === 0) return '';
  const rows = results.map(({ metric, value }) => `| ${cell(metric)} | ${cell(value)} |`);
  return ['| Metric | Value |', '|--------|-------|', ...rows].join('\n');
}

/** A fence longer than any run of backticks in the command. */
function fenced(command: string): string {
  const longest = Math.max(2, ...[...command.matchAll(/`+/g)].map((match) => match[0].length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}bash\n${command}\n${fence}`;
}

/** Whether the entry will be found by the run's name; otherwise the name is added. */
function namesRun({ command, runName }: NewLogEntry): boolean {
  return namesOf(command.map(quote).join(' ')).includes(runName);
}

/** POSIX shell quoting, so that the command in the log can be pasted. */
function quote(argument: string): string {
  const flat = argument.replace(/\r?\n/g, ' ');
  return /^[\w@%+=:,./-]+$/.test(flat) ? flat : `'${flat.replaceAll("'", "'\\''")}'`;
}

function cell(text: string): string {
  return oneLine(text).replaceAll('|', '\\|');
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** A conclusion keeps its lines, but none of them may become a heading or a fence. */
function safeParagraph(text: string): string {
  const lines = text.trim().split(/\r?\n/);
  return lines.map((line) => line.replace(/^(\s*)(#{1,6}\s|`{3,}|~{3,}|-{3,}\s*$|={3,}\s*$)/, '$1\\$2')).join('\n');
}

function countLines(text: string): number {
  return text.split('\n').length - 1;
}
