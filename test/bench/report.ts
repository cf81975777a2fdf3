// What every benchmark leaves behind: test/bench/results/<subject>.json, and a page made from it.
import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** One measured quantity. */
export interface Row {
  readonly name: string;
  readonly ours: number | null;
  /** The same measured of the peer at its side; null where there is no peer or it is not installed. Never invented. */
  readonly peer: number | null;
  readonly peerName: string;
  readonly unit: string;
  /** How many times better ours is; above 1 is better than the peer. */
  readonly ratio: number | null;
  /** The goal in words, '' where there is none. */
  readonly goal: string;
  /** null where there is no goal, or nothing to judge it by. */
  readonly met: boolean | null;
}

export interface Report {
  readonly machine: string;
  readonly date: string;
  readonly rows: readonly Row[];
}

/** Which way a quantity gets better. */
export type Better = 'lower' | 'higher';

/** A row that compares with a peer. The goal is a ratio, for instance 1.3: ours at least 1.3 times as good. */
export function compared(options: {
  readonly name: string;
  readonly ours: number;
  readonly peer: number | null;
  readonly peerName: string;
  readonly unit: string;
  readonly better: Better;
  readonly goal?: number;
}): Row {
  const { name, ours, peer, peerName, unit, better, goal } = options;
  const ratio = peer === null ? null : better === 'lower' ? peer / ours : ours / peer;
  const met = goal === undefined || ratio === null ? null : ratio >= goal;
  return { name, ours, peer, peerName, unit, ratio, goal: goal === undefined ? '' : `≥ ${goal}×`, met };
}

/** A row that is held against a limit of its own. */
export function limited(options: {
  readonly name: string;
  readonly ours: number;
  readonly unit: string;
  readonly better: Better;
  readonly limit: number;
}): Row {
  const { name, ours, unit, better, limit } = options;
  const met = better === 'lower' ? ours < limit : ours >= limit;
  const goal = `${better === 'lower' ? '<' : '≥'} ${limit} ${unit}`.trim();
  return { name, ours, peer: null, peerName: '', unit, ratio: null, goal, met };
}

/** Writes both files and prints the table. `notes` are paragraphs below it: what was compared how, and why a goal was missed. */
export function writeReport(subject: string, rows: readonly Row[], notes: readonly string[] = []): void {
  const report: Report = { machine: describeMachine(), date: new Date().toISOString(), rows };
  const folder = path.join(import.meta.dirname, 'results');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, `${subject}.json`), `${JSON.stringify(report, null, 2)}\n`);
  const page = pageOf(subject, report, notes);
  writeFileSync(path.join(folder, `${subject}.md`), page);
  console.log(page);
}

/** Prints the table of a part of a benchmark without touching what the whole one left. */
export function showReport(subject: string, rows: readonly Row[], notes: readonly string[] = []): void {
  console.log(pageOf(subject, { machine: describeMachine(), date: new Date().toISOString(), rows }, notes));
}

/** The middle of some measurements; of an even number the mean of both middle ones. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** "AMD EPYC, 2 cores, 16 GiB, linux x64, Node 24.21.0, load 1.25". */
export function describeMachine(): string {
  const [cpu] = os.cpus();
  const memory = `${Math.round(os.totalmem() / 2 ** 30)} GiB`;
  const system = `${os.platform()} ${os.arch()}`;
  const load = `load ${os.loadavg()[0]!.toFixed(2)}`;
  return [
    cpu?.model.trim(),
    `${os.availableParallelism()} cores`,
    memory,
    system,
    `Node ${process.versions.node}`,
    load,
  ]
    .filter((part) => part !== undefined)
    .join(', ');
}

function pageOf(subject: string, { machine, date, rows }: Report, notes: readonly string[]): string {
  const lines = rows.map((row) => {
    const peer = row.peer === null ? '–' : `${figure(row.peer)} (${row.peerName})`;
    const ratio = row.ratio === null ? '–' : `${row.ratio.toFixed(2)}×`;
    const met = row.met === null ? '–' : row.met ? 'yes' : 'no';
    return `| ${row.name} | ${figure(row.ours)} | ${peer} | ${row.unit} | ${ratio} | ${row.goal || '–'} | ${met} |`;
  });
  const table = ['| what | ours | peer | unit | ratio | goal | met |', '|---|---|---|---|---|---|---|', ...lines];
  const head = [`# Benchmark: ${subject}`, '', `${date} · ${machine}`, ''];
  return `${[...head, ...table, ...notes.flatMap((note) => ['', note])].join('\n')}\n`;
}

function figure(value: number | null): string {
  return value === null ? '–' : value.toLocaleString('en-US', { maximumSignificantDigits: 4 });
}
