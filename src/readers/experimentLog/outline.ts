import { headingOf, type LogLine } from './sections.ts';

/** An entry of the log before its text is read. */
export interface Section {
  readonly line: number;
  readonly level: number;
  readonly phase: string;
  readonly title: string;
  readonly body: readonly LogLine[];
  /** Whether it is an entry: whatever its text says, or only where it has a status, or where it has a status, a table or a command. */
  readonly isEntry: 'always' | 'with status' | 'with content';
}

interface Heading {
  readonly line: number;
  readonly level: number;
  readonly title: string;
  /** It is named like a part of an entry, and has no status of its own. */
  readonly isPart: boolean;
}

/**
 * What may be entries, in the order of the file. Most logs have an entry per `###` heading below phases; others one per `##` heading, which then has `###` headings
 * such as Results and Analysis, or begins with a number or a day; some one per `#` heading.
 */
export function outlineOf(lines: readonly LogLine[]): readonly Section[] {
  const headings = lines.flatMap((line, index): readonly Heading[] => {
    const heading = headingOf(line);
    // Deeper headings belong to the entry that they stand in.
    if (heading === undefined || heading.level > 3) return [];
    return [
      {
        ...heading,
        line: index,
        isPart: heading.level === 3 && isNamedPart(heading.title) && !hasStatus(lines, index),
      },
    ];
  });
  const titles = headings.filter(({ level }) => level === 1).length;
  let phase = '';
  return headings.flatMap((heading, index): readonly Section[] => {
    const { level, title, line } = heading;
    if (level === 1) phase = '';
    if (level === 2) phase = title;
    if (belongsAbove(headings, index)) return [];
    const last = index + partsOf(headings, index).length;
    const end = headings[last + 1]?.line ?? lines.length;
    const isEntry = entryKind(headings, index, titles > 1);
    if (isEntry === undefined) return [];
    return [
      { line, level, title, phase: level === 3 ? phase : ownPhase(title), body: lines.slice(line + 1, end), isEntry },
    ];
  });
}

function entryKind(
  headings: readonly Heading[],
  index: number,
  hasManyTitles: boolean,
): Section['isEntry'] | undefined {
  const { level, title } = headings[index]!;
  if (level === 3) return 'always';
  // A single heading of the first level is the title of the log; of several, each may be an entry.
  if (level === 1) return hasManyTitles ? 'with content' : undefined;
  const children = childrenOf(headings, index);
  const isWhole = children.length > 0 && children.every(({ isPart }) => isPart);
  return isWhole || (children.length === 0 && numbered.test(title)) ? 'always' : 'with status';
}

/** "Experiment 3: …", "Run #12", "2026-09-08: …". */
const numbered =
  /^\W*(?:(?:experiment|exp|run|trial|modification|mod|iteration|attempt|ablation|test)\s*[#.]?\s*\d|[ER]\d+\b|(?:19|20)\d\d-\d\d-\d\d)/i;

/** Headings that people give to the parts of an entry. */
const parts: readonly RegExp[] = [
  /^(?:key )?(?:results?|analysis|diagnosis|findings?|observations?|conclusions?|verdict|take-?aways?|learnings?|lessons?(?: learned)?|insights?|interpretation|discussion|decision|summary|metrics|evaluation|notes?|status)$/,
  /^(?:experimental )?(?:set-?up|config(?:uration)?s?|hyper-?parameters?|settings?|hypothes[ie]s|motivation|background|goals?|objectives?|purpose|description|methods?|methodology|approach|procedure|implementation(?: details)?|design|rationale|context|overview)$/,
  /^(?:commands?|how to (?:run|reproduce).*|reproduc.*|outputs?(?: location)?|checkpoints?|artifacts?|files(?: modified| changed)?|changes(?: made)?|problem(?: identified)?|solution(?: implemented)?|what (?:worked|changed|failed|i changed).*|why .*|next steps?|todo|limitations|expected(?: results?| outcomes?)?|success criteria|monitoring|comparison.*|also tested.*|step-by-step.*|analysis — .*|results — .*)$/,
];

function isNamedPart(title: string): boolean {
  const plain = title
    .replace(/[*_`]/g, '')
    .replace(/\s*\([^()]*\)\s*$/, '')
    .replace(/^[^\p{L}]+|[:.!?\s]+$/gu, '')
    .toLowerCase();
  return parts.some((pattern) => pattern.test(plain));
}

function hasStatus(lines: readonly LogLine[], heading: number): boolean {
  const next = lines.findIndex((line, index) => index > heading && (headingOf(line)?.level ?? 9) <= 3);
  const body = lines.slice(heading + 1, next < 0 ? undefined : next);
  return body.some(({ text, fence }) => fence === 'outside' && /^\s*(?:[-*]\s+)?\*\*Status\b/i.test(text));
}

/** The `###` headings below a `##` heading. */
function childrenOf(headings: readonly Heading[], index: number): readonly Heading[] {
  const end = headings.findIndex((heading, at) => at > index && heading.level < 3);
  return headings.slice(index + 1, end < 0 ? undefined : end);
}

/** The headings behind one that are parts of its entry. */
function partsOf(headings: readonly Heading[], index: number): readonly Heading[] {
  const { level } = headings[index]!;
  if (level === 2) {
    const children = childrenOf(headings, index);
    return children.every(({ isPart }) => isPart) ? children : [];
  }
  if (level === 1 || !numbered.test(headings[index]!.title)) return [];
  const behind = headings.slice(index + 1);
  const end = behind.findIndex((heading) => heading.level < 3 || !heading.isPart || sumsUp.test(heading.title));
  return behind.slice(0, end < 0 ? undefined : end);
}

/** Behind several entries such a heading is about all of them. */
const sumsUp = /summary|conclusion|overview|take-?away|learning|lesson/i;

/** Whether a `###` heading is a part of the entry before it. */
function belongsAbove(headings: readonly Heading[], index: number): boolean {
  if (headings[index]!.level !== 3 || !headings[index]!.isPart) return false;
  const owner = headings.findLastIndex(({ isPart }, at) => at < index && !isPart);
  return owner >= 0 && owner + partsOf(headings, owner).length >= index;
}

/** A `##` heading that is an entry stands in no phase, unless it calls itself one. */
function ownPhase(title: string): string {
  return /^phase\b/i.test(title) ? title : '';
}
