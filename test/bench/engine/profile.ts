// Where our side's steps of a subject spend their time, by ONNX Runtime's own trace.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type NodeRun, readTrace } from '../../../src/trainer/profile/trace.ts';
import { createOurSteps, type Prepared } from './ours.ts';

/** One line of a profile. */
export interface Share {
  readonly what: string;
  readonly milliseconds: number;
  readonly nodes: number;
}

/** The runs of all nodes of one call behind a first one, and how many steps it had. */
export async function traceSteps(prepared: Prepared, threads: number): Promise<readonly NodeRun[]> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-bench-profile-'));
  try {
    const ours = await createOurSteps(prepared, prepared.subject.turn, threads, path.join(folder, 'trace'));
    await ours.run();
    await ours.run();
    ours.endTrace();
    ours.dispose();
    const [file] = readdirSync(folder);
    const { nodes } = readTrace(readFileSync(path.join(folder, file!), 'utf8'));
    return nodes.slice(nodes.length / 2);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Milliseconds per step by a key of the nodes, the largest first. */
export function sharesBy(runs: readonly NodeRun[], steps: number, key: (run: NodeRun) => string): readonly Share[] {
  const groups = new Map<string, { micros: number; nodes: Set<string> }>();
  for (const run of runs) {
    const group = groups.get(key(run)) ?? { micros: 0, nodes: new Set() };
    group.micros += run.duration;
    group.nodes.add(run.node);
    groups.set(key(run), group);
  }
  return [...groups]
    .map(([what, { micros, nodes }]) => ({ what, milliseconds: micros / 1000 / steps, nodes: nodes.size }))
    .sort((a, b) => b.milliseconds - a.milliseconds);
}

/** The largest shares of a step in one line: "MatMul 40 % (52 nodes), Mul 9 % (80)". */
export function profileLine(runs: readonly NodeRun[], steps: number): string {
  const shares = sharesBy(runs, steps, ({ op }) => op);
  const total = shares.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  return shares
    .slice(0, 8)
    .map(({ what, milliseconds, nodes }) => `${what} ${Math.round((100 * milliseconds) / total)} % (${nodes})`)
    .join(', ');
}
