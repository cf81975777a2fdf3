import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** One comparison. `peer` is null where the peer could not be had on this machine: a figure is never invented. */
export interface BenchRow {
  readonly name: string;
  readonly ours: number;
  readonly peer: number | null;
  readonly peerName: string;
  readonly unit: string;
  /** Above 1 means that ours is better: peer ÷ ours where less is better, ours ÷ peer where more is. */
  readonly ratio: number | null;
  /** The goal in words, '' where there is none: "ratio ≥ 1.3", "< 50 ms". */
  readonly goal: string;
  readonly met: boolean | null;
}

/** Everything that is needed to make a row; ratio and verdict follow. */
export interface Measurement {
  readonly name: string;
  readonly ours: number;
  readonly peer?: number | null;
  readonly peerName?: string;
  readonly unit: string;
  readonly better: 'less' | 'more';
  readonly goal?:
    | { readonly ratioAtLeast: number }
    | { readonly oursAtMost: number }
    | { readonly oursAtLeast: number };
}

export interface BenchReport {
  readonly machine: string;
  readonly date: string;
  readonly rows: readonly BenchRow[];
}

/** The row of a measurement. */
export function benchRow(measurement: Measurement): BenchRow {
  const { name, ours, unit, better, goal } = measurement;
  const peer = measurement.peer ?? null;
  const ratio = peer === null ? null : better === 'less' ? peer / ours : ours / peer;
  return {
    name,
    ours: round(ours),
    peer: peer === null ? null : round(peer),
    peerName: measurement.peerName ?? '',
    unit,
    ratio: ratio === null ? null : round(ratio),
    goal: describeGoal(goal, unit),
    met: goal === undefined ? null : isMet(goal, ours, ratio),
  };
}

/** Writes `test/bench/results/<subject>.json` and the page made from it, and prints the table. `notes` are sentences below the table. */
export function writeReport(subject: string, rows: readonly BenchRow[], notes: readonly string[] = []): void {
  const report: BenchReport = { machine: describeMachine(), date: new Date().toISOString().slice(0, 10), rows };
  const folder = path.join(import.meta.dirname, 'results');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, `${subject}.json`), `${JSON.stringify(report, null, 2)}\n`);
  const page = markdown(subject, report, notes);
  writeFileSync(path.join(folder, `${subject}.md`), page);
  console.log(page);
}

/** The middle value; the mean of the two middle ones for an even count. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Quantile by linear interpolation between the two nearest values. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * q;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

function markdown(subject: string, report: BenchReport, notes: readonly string[]): string {
  const lines = [
    `# bench:${subject}`,
    '',
    `${report.machine}, ${report.date}. Repeat with \`npm run bench:${subject}\`. A ratio above 1 means that ours is better.`,
    '',
    '| subject | ours | peer | peer is | unit | ratio | goal | met |',
    '|---|---|---|---|---|---|---|---|',
    ...report.rows.map(tableLine),
    ...(notes.length === 0 ? [] : ['', ...notes.map((note) => `- ${note}`)]),
  ];
  return `${lines.join('\n')}\n`;
}

function tableLine(row: BenchRow): string {
  const verdict = row.met === null ? '' : row.met ? 'yes' : 'no';
  const cells = [row.name, row.ours, row.peer ?? '–', row.peerName, row.unit, row.ratio ?? '–', row.goal, verdict];
  return `| ${cells.join(' | ')} |`;
}

function describeGoal(goal: Measurement['goal'], unit: string): string {
  if (goal === undefined) return '';
  if ('ratioAtLeast' in goal) return `ratio ≥ ${goal.ratioAtLeast}`;
  if ('oursAtMost' in goal) return `≤ ${goal.oursAtMost} ${unit}`;
  return `≥ ${goal.oursAtLeast} ${unit}`;
}

function isMet(goal: NonNullable<Measurement['goal']>, ours: number, ratio: number | null): boolean | null {
  if ('ratioAtLeast' in goal) return ratio === null ? null : ratio >= goal.ratioAtLeast;
  if ('oursAtMost' in goal) return ours <= goal.oursAtMost;
  return ours >= goal.oursAtLeast;
}

/** Four significant digits: more would pretend a precision that a shared machine does not have. */
function round(value: number): number {
  return Number(value.toPrecision(4));
}

function describeMachine(): string {
  const cpu = os.cpus()[0]?.model.trim() ?? 'unknown processor';
  return `${os.cpus().length} × ${cpu}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, ${os.platform()} ${os.arch()}, Node ${process.versions.node}`;
}
