import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Disposables } from '../../base/disposables.ts';
import { AppError } from '../../base/errors.ts';
import { runFiles } from '../../domain/runDirectory.ts';
import { type CallTimes, FusedSteps } from '../engine/fusedSteps.ts';
import { writeFileDurably } from '../files/durableFile.ts';
import type { PreparedRun } from '../run/prepareRun.ts';
import type { RunFolder } from '../run/runFolder.ts';
import { profilePage } from './report.ts';
import { readTrace, type Trace } from './trace.ts';

const mostSteps = 10;
const calls = 2;

/**
 * Looks at the first steps of a run, whose results are thrown away, and writes `profile.md` and `profile.trace.json` into its folder. A first call, in
 * which memory is laid out, is left out of the figures.
 */
export async function profileRun(run: PreparedRun, folder: RunFolder, name: string): Promise<void> {
  const steps = Math.min(run.settings.stepsPerRun, run.settings.steps, mostSteps);
  const { times, text } = await tracedCalls(run, steps);
  const whole = readTrace(text);
  // Each call is as long as the others, so the first one holds the first part of the events.
  const warmUp = whole.nodes.length / (calls + 1);
  const trace: Trace = { ...whole, nodes: whole.nodes.slice(Math.round(warmUp)) };
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

async function tracedCalls(run: PreparedRun, steps: number): Promise<{ times: readonly CallTimes[]; text: string }> {
  const owner = new Disposables();
  const folder = mkdtempSync(path.join(tmpdir(), 'trainyard-profile-'));
  owner.onDispose(() => rmSync(folder, { recursive: true, force: true }));
  try {
    const traced = owner.add(new FusedSteps(run.plan, path.join(folder, 'trace')));
    await traced.run(run.start, steps);
    const times: CallTimes[] = [];
    for (let call = 0; call < calls; call++) times.push((await traced.run(run.start, steps)).times);
    traced.endTrace();
    const [file] = readdirSync(folder);
    if (file === undefined) throw new AppError('internal', 'ONNX Runtime left no trace.');
    return { times, text: readFileSync(path.join(folder, file), 'utf8') };
  } finally {
    owner.dispose();
  }
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
