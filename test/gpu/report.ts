// What a test on a GPU found: rows by part, and the page that is made of them.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** One thing that was looked at. `figures` are shown as columns. */
export interface GpuRow {
  readonly name: string;
  readonly ok: boolean;
  readonly figures: Readonly<Record<string, string | number>>;
  /** Why it is not well, or where its time goes. */
  readonly note?: string;
}

/** What a part found; `ended` says how it came to its end where that was not its own. */
export interface PartReport {
  readonly part: string;
  readonly seconds: number;
  readonly ended?: string;
  readonly rows: readonly GpuRow[];
}

export interface GpuReport {
  readonly device: string;
  readonly small: boolean;
  /** Driver, versions, PyTorch, by what they are called. */
  readonly facts: Readonly<Record<string, string>>;
  readonly parts: readonly PartReport[];
}

/** Writes `gpu.json` and `gpu.md`; for another device than a GPU's CUDA, or a small look, under a name of its own. */
export function writeReport(folder: string, report: GpuReport): void {
  mkdirSync(folder, { recursive: true });
  const name = nameOf(report);
  writeFileSync(path.join(folder, `${name}.json`), `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(path.join(folder, `${name}.md`), pageOf(report));
}

/** The parts of an earlier report on the same device, so that several calls make one; none where there is no report. */
export function earlierParts(folder: string, report: Pick<GpuReport, 'device' | 'small'>): readonly PartReport[] {
  try {
    return (JSON.parse(readFileSync(path.join(folder, `${nameOf(report)}.json`), 'utf8')) as GpuReport).parts;
  } catch {
    return [];
  }
}

function nameOf(report: Pick<GpuReport, 'device' | 'small'>): string {
  return report.device === 'cuda' && !report.small ? 'gpu' : `gpu-${report.device}${report.small ? '-small' : ''}`;
}

/** Whether a part ran to its end with all of it well. */
export function isWell({ ended, rows }: PartReport): boolean {
  return ended === undefined && rows.length > 0 && rows.every(({ ok }) => ok);
}

/** "speed unet51:bf16: 12 of 12 well, 34 s" */
export function lineOf(report: PartReport): string {
  const { part, seconds, ended, rows } = report;
  const count = `${rows.filter(({ ok }) => ok).length} of ${rows.length} well`;
  return `${part}: ${count}${ended === undefined ? '' : `, ${ended}`}, ${seconds.toFixed(0)} s`;
}

function pageOf({ device, small, facts, parts }: GpuReport): string {
  const about = Object.entries(facts).map(([name, value]) => `- ${name}: ${value}`);
  const size = small ? ', small networks: a check of this program and no measurement' : '';
  return `# The engine on ${device}${size}\n\n${about.join('\n')}\n\n${parts.map(sectionOf).join('\n')}`;
}

function sectionOf(report: PartReport): string {
  const { rows } = report;
  const columns = [...new Set(rows.flatMap(({ figures }) => Object.keys(figures)))];
  const head = `| | well | ${columns.join(' | ')} | note |\n|---|---|${columns.map(() => '---|').join('')}---|\n`;
  const lines = rows.map(({ name, ok, figures, note = '' }) => {
    const cells = columns.map((column) => show(figures[column]));
    return `| ${name} | ${ok ? 'yes' : '**no**'} | ${cells.join(' | ')} | ${note.replaceAll('|', '/')} |`;
  });
  return `## ${lineOf(report)}\n\n${rows.length === 0 ? 'Nothing was found.\n' : `${head}${lines.join('\n')}\n`}`;
}

function show(figure: string | number | undefined): string {
  if (typeof figure !== 'number') return figure ?? '';
  if (figure !== 0 && Math.abs(figure) < 0.001) return figure.toExponential(1);
  return Number.isInteger(figure) ? String(figure) : figure.toFixed(Math.abs(figure) < 10 ? 3 : 1);
}
