import { runFiles } from '../../domain/runDirectory.ts';
import type { CallTimes } from '../engine/fusedSteps.ts';
import { optimizerScope } from '../engine/stepNames.ts';
import { writeFileDurably } from '../files/durableFile.ts';
import type { PreparedRun } from '../run/prepareRun.ts';
import type { RunFolder } from '../run/runFolder.ts';
import { profilePage } from './report.ts';
import { type NodeRun, readTrace, type Trace } from './trace.ts';
import { tracedCalls } from './tracedCalls.ts';

const mostSteps = 10;
const calls = 2;

/**
 * Looks at the first steps of a run, whose results are thrown away, and writes `profile.md` and `profile.trace.json` into its folder. A first call, in
 * which memory is laid out, is left out of the figures.
 */
export async function profileRun(run: PreparedRun, folder: RunFolder, name: string): Promise<void> {
  const steps = Math.min(run.settings.stepsPerRun || mostSteps, run.settings.steps, mostSteps);
  const { times, text } = await tracedCalls(run.plan, run.start.borrow(), steps, calls);
  const whole = readTrace(text);
  // Each call is as long as the others, so the first one holds the first part of the events.
  const warmUp = whole.nodes.length / (calls + 1);
  const nodes = whole.nodes.slice(Math.round(warmUp));
  const trace: Trace = { ...whole, nodes: withUpdates(nodes, times, run.program.optimizer.kind) };
  const { device, threads } = run.placement;
  const page = profilePage({
    name,
    device: device === 'cpu' ? `the CPU (${threads} ${threads === 1 ? 'thread' : 'threads'})` : device,
    batchSize: run.program.batchSize,
    parameters: run.step.pack.size,
    steps: steps * calls,
    calls: times,
    trace,
  });
  writeFileDurably(folder.file(runFiles.profile), page);
  writeFileDurably(folder.file(runFiles.trace), chromeTrace(trace, times));
}

/** With the updates of our own program, which ONNX Runtime's trace does not know, as one node behind those of each call. */
export function withUpdates(nodes: readonly NodeRun[], times: readonly CallTimes[], kind: string): readonly NodeRun[] {
  const ofCall = nodes.length / times.length;
  return times.flatMap(({ update }, call) => {
    const own = nodes.slice(Math.round(call * ofCall), Math.round((call + 1) * ofCall));
    const last = own.at(-1);
    if (update === 0 || last === undefined) return own;
    const start = last.start + last.duration;
    const facts = { node: `${optimizerScope}/${kind}`, op: kind, phase: 'optimizer', provider: 'Trainyard' } as const;
    return [...own, { ...facts, inputs: 'all parameters', start, duration: 1000 * update }];
  });
}

/** The events in the trace format of Chrome, one row per part of a step, beside what the trainer did around the calls. */
function chromeTrace({ nodes }: Trace, times: readonly CallTimes[]): string {
  const events: object[] = nodes.map(({ node, op, phase, provider, inputs, start, duration }) => ({
    name: op,
    cat: phase,
    ph: 'X',
    ts: start,
    dur: duration,
    pid: 1,
    tid: phase,
    args: { node, provider, inputs },
  }));
  let at = nodes[0]?.start ?? 0;
  for (const call of times) {
    for (const [part, ms] of Object.entries(call) as [keyof CallTimes, number][]) {
      events.push({ name: part, cat: 'trainer', ph: 'X', ts: at, dur: ms * 1000, pid: 1, tid: 'trainer' });
      at += ms * 1000;
    }
  }
  return `${JSON.stringify({ traceEvents: events, displayTimeUnit: 'ms' })}\n`;
}
