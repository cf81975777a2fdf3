import { headingOf, type LogLine } from './sections.ts';

/** The status of an entry: a line `**Status:** …`, one without emphasis, or a word in brackets at the end of its title. '' where there is none. */
export function statusOf(title: string, body: readonly LogLine[]): string {
  const said = labelled(body, 'Status') || plainStatus(body) || (titleStatus.exec(title)?.[1] ?? '');
  // Symbols before the word stay as they are written.
  return said.replace(/^([^\p{L}]*)(\p{L}+)/u, (_, before: string, word: string) => before + word.toUpperCase());
}

const titleStatus =
  /\((PENDING|PLANNED|RUNNING|IN PROGRESS|COMPLETED?|DONE|FAILED|ABANDONED|SKIPPED|STOPPED|CANCELLED)\)\s*$/i;

/** What was concluded: the labels and headings that people use for it, the clearest first. */
export function conclusionOf(body: readonly LogLine[]): string {
  for (const label of conclusionLabels) {
    const said = labelled(body, label);
    if (said !== '') return said;
  }
  return belowHeading(body);
}

const conclusionLabels = ['Conclusions?', 'Verdict', 'Takeaways?', '(?:Key )?Findings?'];
const conclusionHeading = /^\W*(?:conclusions?|verdict|take-?aways?|key findings?)\W*$/i;
const longest = 1_000;

/** The paragraph that begins with `**Label:** …` or `**Label: …**`, on one line; '' where there is none. `label` is a part of an expression. */
function labelled(body: readonly LogLine[], label: string): string {
  const begins = new RegExp(`^\\s*(?:[-*]\\s+)?\\*\\*${label}(?::?\\*\\*:?|:\\s*([^*]*)\\*\\*)\\s*(.*)$`, 'i');
  const from = body.findIndex((line) => line.fence === 'outside' && begins.test(line.text));
  if (from < 0) return '';
  const [, within = '', behind = ''] = begins.exec(body[from]!.text)!;
  return [`${within} ${behind}`.trim(), ...paragraph(body.slice(from + 1))].join(' ').trim();
}

function plainStatus(body: readonly LogLine[]): string {
  const line = body.find(({ text, fence }) => fence === 'outside' && /^\s*(?:[-*]\s+)?status:\s+\S/i.test(text));
  return line?.text.replace(/^\s*(?:[-*]\s+)?status:\s+/i, '').trim() ?? '';
}

/** The first paragraph or list below a heading that says that it concludes. */
function belowHeading(body: readonly LogLine[]): string {
  const from = body.findIndex((line) => conclusionHeading.test(headingOf(line)?.title ?? ''));
  if (from < 0) return '';
  const rest = body.slice(from + 1);
  const first = rest.findIndex(({ text }) => text.trim() !== '');
  const end = rest.findIndex(
    (line, at) => at > first && (line.text.trim() === '' || line.fence !== 'outside' || headingOf(line) !== undefined),
  );
  const lines =
    first < 0 || rest[first]!.fence !== 'outside' || headingOf(rest[first]!) !== undefined
      ? []
      : rest.slice(first, end < 0 ? undefined : end);
  return lines
    .map(({ text }) => text.trim())
    .join(' ')
    .slice(0, longest);
}

/** The lines that go on in the same paragraph. */
function paragraph(lines: readonly LogLine[]): readonly string[] {
  const end = lines.findIndex(
    ({ text, fence }) => fence !== 'outside' || text.trim() === '' || /^\s*(\*\*[^*]+:\*\*|[|#>-]|\d+\.)/.test(text),
  );
  return lines.slice(0, end < 0 ? undefined : end).map(({ text }) => text.trim());
}
