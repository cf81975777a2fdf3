import type { CallTimes } from '../engine/fusedSteps.ts';
import { type NodeRun, type Phase, phases, type Trace } from './trace.ts';

/** What a profile is made of. */
export interface Profile {
  readonly name: string;
  readonly device: string;
  readonly batchSize: number;
  readonly parameters: number;
  /** Steps that were looked at, in so many calls. */
  readonly steps: number;
  readonly calls: readonly CallTimes[];
  readonly trace: Trace;
}

const shownOperators = 40;
const shownNodes = 25;

/** The page of a profile, in Markdown. All times are milliseconds per step. */
export function profilePage(profile: Profile): string {
  const { name, device, batchSize, parameters, steps, trace } = profile;
  const parts = timesByPart(profile);
  const total = Object.values(parts).reduce((sum, each) => sum + each, 0);
  const memory = trace.peakBytes === 0 ? '' : `, ${megabytes(trace.peakBytes)} MB of memory at most`;
  return `# Profile of ${name}

${steps} steps on ${device}: batches of ${batchSize}, ${parameters.toLocaleString('en')} parameters, **${short(total)} ms a step**${memory}.
All times are milliseconds per step. Looking at every operation makes a step slower than it is in training.

## Where a step goes

${table(
  ['part', 'ms', 'share', ''],
  Object.entries(parts).map(([part, ms]) => [part, short(ms), percent(ms, total), bar(ms / total)]),
)}

## Operators

${table(
  ['operator', 'part', 'nodes', 'ms', 'share', 'on'],
  groupedBy(trace.nodes, ({ op, phase, provider }) => `${op}\t${phase}\t${provider}`)
    .slice(0, shownOperators)
    .map(({ first, nodes, micros }) => [
      first.op,
      first.phase,
      String(nodes),
      short(perStep(micros, steps)),
      percent(perStep(micros, steps), total),
      first.provider,
    ]),
)}

## Slowest nodes

${table(
  ['node', 'operator', 'ms', 'inputs'],
  groupedBy(trace.nodes, ({ node }) => node)
    .slice(0, shownNodes)
    .map(({ first, micros }) => [`\`${first.node}\``, first.op, short(perStep(micros, steps)), first.inputs]),
)}

\`profile.trace.json\` beside this page opens in chrome://tracing and https://ui.perfetto.dev.
`;
}

/** Milliseconds per step of every part; what the nodes do not account for within a call is the runtime's own. */
export function timesByPart({ calls, trace, steps }: Profile): Readonly<Record<string, number>> {
  const sum = (key: keyof CallTimes) => calls.reduce((total, call) => total + call[key], 0) / steps;
  const inPhase = (phase: Phase) =>
    perStep(
      trace.nodes.reduce((total, node) => (node.phase === phase ? total + node.duration : total), 0),
      steps,
    );
  const computing = phases.map((phase) => [phase, inPhase(phase)] as const);
  const accounted = computing.reduce((total, [, ms]) => total + ms, 0);
  return {
    ...Object.fromEntries(computing),
    'between nodes': Math.max(0, sum('compute') + sum('update') - accounted),
    'waiting for data': sum('data'),
    transfer: sum('transferIn') + sum('transferOut'),
  };
}

interface Group {
  readonly first: NodeRun;
  /** How many different nodes, and the time of all their runs. */
  readonly nodes: number;
  readonly micros: number;
}

function groupedBy(runs: readonly NodeRun[], keyOf: (run: NodeRun) => string): readonly Group[] {
  const groups = new Map<string, { first: NodeRun; names: Set<string>; micros: number }>();
  for (const run of runs) {
    const key = keyOf(run);
    const group = groups.get(key) ?? { first: run, names: new Set<string>(), micros: 0 };
    group.names.add(run.node);
    group.micros += run.duration;
    groups.set(key, group);
  }
  return [...groups.values()]
    .map(({ first, names, micros }) => ({ first, nodes: names.size, micros }))
    .sort((a, b) => b.micros - a.micros);
}

function perStep(micros: number, steps: number): number {
  return micros / 1000 / steps;
}

const numberColumns: ReadonlySet<string> = new Set(['ms', 'share', 'nodes']);

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const rule = header.map((title) => (numberColumns.has(title) ? '---:' : '---'));
  return [line(header), line(rule), ...rows.map(line)].join('\n');
}

function short(ms: number): string {
  return ms >= 100 ? ms.toFixed(0) : ms >= 1 ? ms.toFixed(2) : ms.toFixed(3);
}

function percent(part: number, total: number): string {
  return total === 0 ? '' : `${((100 * part) / total).toFixed(1)} %`;
}

function bar(share: number): string {
  return '█'.repeat(Math.round(20 * share));
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
}
