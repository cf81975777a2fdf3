// Times of a training step: ours on the device, PyTorch's on the same one, from the same weights and batch.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DeviceName } from '../../../src/domain/device.ts';
import type { PrecisionName } from '../../../src/recipes/recipe.ts';
import { stepPlacement } from '../../../src/trainer/devices/placement.ts';
import { type NodeRun, readTrace } from '../../../src/trainer/profile/trace.ts';
import { ChildPeer } from '../../bench/engine/childPeer.ts';
import { createOurSteps, type Prepared, prepare } from '../../bench/engine/ours.ts';
import { writePlan } from '../../bench/engine/plan.ts';
import { profileLine } from '../../bench/engine/profile.ts';
import { torchEnvironment } from '../../bench/engine/torchPeer.ts';
import { median } from '../../bench/report.ts';
import { folderOf } from '../place.ts';
import type { GpuRow } from '../report.ts';
import { type GpuSubject, gpuSubjects } from '../subjects.ts';
import { distance, failed, type Part } from './part.ts';
import { placementRow } from './recipeRuns.ts';

const turns = 5;
/** Of the losses of the first steps, relative. 16 bits round elsewhere in autocast, which also keeps activations short. */
const sameLosses = { fp32: 1e-2, bf16: 8e-2, fp16: 3e-2 } as const;

interface TorchSetting {
  readonly name: string;
  readonly channelsLast: boolean;
  readonly compile: boolean;
}
const torchSettings: readonly TorchSetting[] = [
  { name: 'eager', channelsLast: false, compile: false },
  { name: 'eager, channels last', channelsLast: true, compile: false },
  { name: 'compile', channelsLast: false, compile: true },
  { name: 'compile, channels last', channelsLast: true, compile: true },
];

/** Names of the pieces: one per network and precision, the ones with an aim first, so that they are had when time ends. */
export function speedPieces(small: boolean): readonly string[] {
  if (small) return ['mlp:fp32', 'unetTiny:bf16'];
  const precisions: readonly PrecisionName[] = ['bf16', 'fp16', 'fp32'];
  return precisions.flatMap((precision) => gpuSubjects(false).map(({ id }) => `${id}:${precision}`));
}

export const speed: Part = async function* ({ device, small, torch, piece }) {
  const [id, precision] = piece.split(':') as [string, PrecisionName];
  const subject = gpuSubjects(small).find((each) => each.id === id)!;
  const prepared = prepare(subject);
  const fused = small ? 2 : subject.turn;
  try {
    const ours = await timeOurs(prepared, fused, device, precision);
    yield ours.row;
    let best: { eager: number; compile: number } = { eager: Number.NaN, compile: Number.NaN };
    if (torch) {
      for (const setting of settingsFor(subject)) {
        const { row, stepMs } = await timeTorch(prepared, subject, setting, { fused, device, precision }, ours);
        yield row;
        const kind = setting.compile ? 'compile' : 'eager';
        best = { ...best, [kind]: Math.min(...[best[kind], stepMs].filter((each) => !Number.isNaN(each))) };
      }
    }
    yield verdict(subject, precision, ours.stepMs, best);
    yield await lookInside(prepared, device, precision);
  } catch (error) {
    yield failed(subject.title, error);
  }
};

function settingsFor({ convolutional = false }: GpuSubject): readonly TorchSetting[] {
  return torchSettings.filter(({ channelsLast }) => convolutional || !channelsLast);
}

interface OurTimes {
  readonly row: GpuRow;
  readonly losses: Float32Array;
  readonly stepMs: number;
}

/** Calls of one and of several steps tell a step's time from that of handing the state over. */
async function timeOurs(
  prepared: Prepared,
  fused: number,
  device: DeviceName,
  precision: PrecisionName,
): Promise<OurTimes> {
  const begin = performance.now();
  const [many, losses] = await callMs(prepared, fused, device, precision);
  const [one] = await callMs(prepared, 1, device, precision);
  const stepMs = Math.max(0, many - one) / (fused - 1);
  const callBeyond = Math.max(0, one - stepMs);
  // As a run decides (src/trainer/run/callPlan.ts): a twentieth of a call may go to the bus, and a call lasts four seconds at most.
  const stepsPerCall = Math.max(1, Math.min(Math.ceil((19 * callBeyond) / stepMs), Math.floor(4000 / stepMs), 1000));
  const figures = {
    'ms a step': stepMs,
    'ms of a call beyond its steps': callBeyond,
    'steps a call': stepsPerCall,
    'share of the bus': callBeyond / (callBeyond + stepsPerCall * stepMs),
    'MB of state': (3 * 4 * prepared.parameters.length) / 1e6,
    'seconds to begin': (performance.now() - begin) / 1000,
  };
  const isSound = losses.every((loss) => Number.isFinite(loss));
  return { row: { name: `Trainyard, ${prepared.subject.title}, ${precision}`, ok: isSound, figures }, losses, stepMs };
}

async function callMs(
  prepared: Prepared,
  fused: number,
  device: DeviceName,
  precision: PrecisionName,
): Promise<readonly [number, Float32Array]> {
  const ours = await createOurSteps(prepared, fused, 1, undefined, device, precision);
  try {
    const losses = await ours.run();
    const times: number[] = [];
    for (let turn = 0; turn < turns; turn++) {
      const begin = performance.now();
      await ours.run();
      times.push(performance.now() - begin);
    }
    return [median(times), losses];
  } finally {
    ours.dispose();
  }
}

interface Shape {
  readonly fused: number;
  readonly device: DeviceName;
  readonly precision: PrecisionName;
}

async function timeTorch(
  prepared: Prepared,
  subject: GpuSubject,
  setting: TorchSetting,
  { fused, device, precision }: Shape,
  ours: OurTimes,
): Promise<{ readonly row: GpuRow; readonly stepMs: number }> {
  const name = `PyTorch ${setting.name}, ${precision}`;
  const peer = await ChildPeer.start(name, (folder) => {
    const plan = writePlan(folder, prepared, { threads: 1, device, precision, ...setting, ...subject.settings });
    const args = [folderOf('torchGpu.py'), plan, path.dirname(folderOf('torchPeer.py'))];
    return { program: 'python3', args, env: torchEnvironment() };
  });
  if (peer === null) return { row: { name, ok: true, figures: {}, note: 'not to be had' }, stepMs: Number.NaN };
  try {
    const first = await peer.run(fused);
    if (first === null) {
      const note = `PyTorch cannot do it: ${peer.complaint.slice(0, 200)}`;
      return { row: { name, ok: true, figures: {}, note }, stepMs: Number.NaN };
    }
    const { losses } = first;
    const apart = distance(ours.losses.slice(0, losses.length), losses);
    const times: number[] = [];
    for (let turn = 0; turn < turns; turn++)
      times.push((1000 * ((await peer.run(fused))?.seconds ?? Number.NaN)) / fused);
    const stepMs = median(times);
    const figures = { 'ms a step': stepMs, 'losses apart': apart, 'PyTorch / ours': stepMs / ours.stepMs };
    const isSame = apart < sameLosses[precision];
    return { row: { name, ok: isSame, figures, note: peer.version }, stepMs };
  } finally {
    await peer.dispose();
  }
}

function verdict(
  { title, aim }: GpuSubject,
  precision: PrecisionName,
  ours: number,
  best: { readonly eager: number; readonly compile: number },
): GpuRow {
  const figures = { 'eager / ours': best.eager / ours, 'compile / ours': best.compile / ours };
  const shown = Object.fromEntries(Object.entries(figures).filter(([, value]) => Number.isFinite(value)));
  const reached = aim === undefined || precision === 'fp32' ? Number.NaN : best[aim.against] / ours;
  const note = Number.isNaN(reached) ? {} : { note: `${aim!.ratio}× of ${aim!.against} is the aim` };
  return {
    name: `${title}, ${precision}`,
    ok: Number.isNaN(reached) || reached >= aim!.ratio,
    figures: shown,
    ...note,
  };
}

/** Where the nodes are and where their time goes, by ONNX Runtime's own trace. */
async function lookInside(prepared: Prepared, device: DeviceName, precision: PrecisionName): Promise<GpuRow> {
  const folder = mkdtempSync(path.join(tmpdir(), 'trainyard-gpu-'));
  try {
    const ours = await createOurSteps(prepared, 1, 1, path.join(folder, 'trace'), device, precision);
    await ours.run();
    await ours.run();
    ours.endTrace();
    ours.dispose();
    const { nodes } = readTrace(readFileSync(path.join(folder, readdirSync(folder)[0]!), 'utf8'));
    const second: readonly NodeRun[] = nodes.slice(nodes.length / 2);
    const placed = placementRow(stepPlacement({ nodes: second }, device));
    const where = placed.note === undefined ? '' : `${placed.note}; `;
    return { ...placed, name: 'inside a step', note: `${where}${profileLine(second, 1)}` };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
