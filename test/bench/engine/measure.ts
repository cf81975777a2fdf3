// How the networks of the engine benchmark are timed: turn by turn, ours and every peer's, after their losses were found equal.
import { compared, median, type Row } from '../report.ts';
import type { ChildPeer } from './childPeer.ts';
import { javascriptPeers, startJavascript } from './javascriptPeers.ts';
import { createOurSteps, type OurSteps, type Prepared } from './ours.ts';
import { OurProducts, operationsOf, type ProductSet } from './products.ts';
import { profileLine, traceSteps } from './profile.ts';
import type { Subject } from './subjects.ts';
import { type PeerSetting, startTorch } from './torchPeer.ts';

/** Largest difference of the losses of the first steps that still counts as the same network, relative to the loss, or to a hundredth of the first one. */
const SAME = 2e-3;

/** Turns are taken for this long, but at least three from each side, so that all ends within 25 minutes, if others leave it the processors. */
const MOST_SECONDS = 12;
const FEWEST_ROUNDS = 3;

const eager: PeerSetting = { name: 'eager, fused AdamW' };
const fastPath: PeerSetting = { name: 'fast path of oneMKL', mklFastPath: true };
const torchSettings: readonly PeerSetting[] = [
  eager,
  fastPath,
  { name: 'channels last, fast path of oneMKL', channelsLast: true, mklFastPath: true },
  { name: 'torch.compile, fast path of oneMKL', compile: true, mklFastPath: true },
];

/** What the command line decides. */
export interface Limits {
  readonly rounds: number;
  /** Also torch.compile, which takes minutes the first time. */
  readonly compile: boolean;
}

export interface Measured {
  readonly rows: readonly Row[];
  /** Where the time of a network goes that misses its goal. */
  readonly profile?: string;
}

/** Two rows: against eager PyTorch as installed, and against the best setting. */
export async function measureSteps(prepared: Prepared, threads: number, limits: Limits): Promise<Measured> {
  const { subject } = prepared;
  const ours = await createOurSteps(prepared, subject.turn, threads);
  const wanted = torchSettings.filter(({ compile, channelsLast }) => {
    return (compile !== true || limits.compile) && (channelsLast !== true || subject.convolutional === true);
  });
  const peers = await startPeers(prepared, wanted, threads);
  try {
    const firstLosses = await ours.run();
    const able: RunningPeer[] = [];
    for (const each of peers) {
      // In its first turn a setting compiles, or ends because it cannot do the network.
      const first = await each.peer.run(subject.turn);
      if (first === null) console.log(`No ${each.setting.name} for ${subject.title}: ${each.peer.complaint}`);
      else able.push(each);
      checkSame(subject, each.setting, firstLosses, first?.losses ?? []);
    }
    const times = await takeTurns(subject.turn, threads, limits, ours, able);
    const rows = toRows(subject, threads, times);
    if (!rows.some(({ met }) => met === false)) return { rows };
    const line = profileLine(await traceSteps(prepared, threads), subject.turn);
    const update = ours.updateTime === 0 ? '' : `; our update takes ${ours.updateTime.toPrecision(2)} ms beside them`;
    return { rows, profile: `${subject.title}, ${countOf(threads)}: ${line}${update}.` };
  } finally {
    ours.dispose();
    for (const { peer } of peers) await peer.dispose();
  }
}

/** Rows against the libraries for training in JavaScript, with one thread. They take single steps, since most are slow. */
export async function measureJavascript(prepared: Prepared, limits: Limits): Promise<readonly Row[]> {
  const { subject } = prepared;
  const ours = await createOurSteps(prepared, subject.turn, 1);
  const rows: Row[] = [];
  try {
    const firstLosses = await ours.run();
    for (const javascript of javascriptPeers) {
      const peer = await startJavascript(prepared, 1, javascript);
      if (peer === null) continue;
      try {
        checkSame(subject, javascript, firstLosses, (await peer.run(2))?.losses ?? []);
        const times = { ours: [] as number[], peer: [] as number[] };
        for (let round = 0; round < Math.min(limits.rounds, JAVASCRIPT_ROUNDS); round++) {
          times.ours.push(await processorTime(ours, subject.turn));
          times.peer.push(1000 * ((await peer.run(1))?.used ?? Number.NaN));
        }
        rows.push(
          compared({
            name: `${subject.title}, 1 thread, in JavaScript`,
            ours: median(times.ours),
            peer: median(times.peer),
            peerName: `${javascript.name} ${peer.version}`,
            unit: 'ms',
            better: 'lower',
            goal: JAVASCRIPT_GOAL,
          }),
        );
      } finally {
        await peer.dispose();
      }
    }
    return rows;
  } finally {
    ours.dispose();
  }
}

const JAVASCRIPT_ROUNDS = 7;
const JAVASCRIPT_GOAL = 5;

/** Milliseconds of processor time per step of one turn. */
async function processorTime(ours: OurSteps, steps: number): Promise<number> {
  const before = process.cpuUsage();
  await ours.run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / steps;
}

/** A row about the products of a network alone. */
export interface ProductFigures {
  readonly row: Row;
  readonly set: ProductSet;
}

/** The products alone, against the faster of both settings of oneMKL. */
export async function measureProducts(set: ProductSet, threads: number, limits: Limits): Promise<ProductFigures> {
  const ours = await OurProducts.create(set, threads);
  const peers = await startPeers(set, [eager, fastPath], threads);
  try {
    await ours.run();
    for (const { peer } of peers) await peer.run(set.turn);
    const turns = await takeTurns(set.turn, threads, limits, ours, peers);
    const [name, best] = bestPeer(turns) ?? [];
    const row = compared({
      name: `${set.title}, ${countOf(threads)}`,
      ours: median(turns.get('')!.times),
      peer: best === undefined ? null : median(best.times),
      peerName: best === undefined ? 'oneMKL' : `PyTorch ${best.version}, ${name === eager.name ? 'oneMKL' : name}`,
      unit: 'ms',
      better: 'lower',
    });
    return { row, set };
  } finally {
    ours.dispose();
    for (const { peer } of peers) await peer.dispose();
  }
}

/** What the step's ratio would be if it consisted of nothing but these products. */
export function boundOf(step: Row, { row, set }: ProductFigures): string {
  const speed = (milliseconds: number) => `${Math.round(operationsOf(set) / milliseconds / 1e6)} GFLOP/s`;
  const theirs = row.peer === null ? '' : `, oneMKL ${speed(row.peer)}`;
  const rate = `ONNX Runtime multiplies at ${speed(row.ours!)}${theirs}`;
  const bound =
    step.peer === null ? '' : `; with everything else free, the ratio would be ${(step.peer / row.ours!).toFixed(2)}×`;
  return `${row.name}: ${rate}${bound}.`;
}

/** How fast both sides' steps would be if they consisted of nothing but these products, and what the goal would take; nothing where it is met. */
export function javascriptBoundOf(row: Row, set: ProductSet): readonly string[] {
  if (row.met !== false || row.peer === null || row.ours === null) return [];
  const speed = (milliseconds: number) => `${Math.round(operationsOf(set) / milliseconds / 1e6)} GFLOP/s`;
  return [
    `${row.name}: over its whole step ${row.peerName} does the products at ${speed(row.peer)} or more, ours at ${speed(row.ours)}; ` +
      `${JAVASCRIPT_GOAL}× would take a step at ${speed(row.peer / JAVASCRIPT_GOAL)}, and the products alone run at what is said above.`,
  ];
}

interface RunningPeer {
  readonly setting: PeerSetting;
  readonly peer: ChildPeer;
}

async function startPeers(
  work: Prepared | ProductSet,
  wanted: readonly PeerSetting[],
  threads: number,
): Promise<readonly RunningPeer[]> {
  const started: RunningPeer[] = [];
  for (const setting of wanted) {
    const peer = await startTorch(work, threads, setting);
    if (peer !== null) started.push({ setting, peer });
  }
  return started;
}

/**
 * Milliseconds per step of each turn, of processor time with one thread, which other programs disturb less, and by the clock with more, which
 * wait for each other: ours under '', the peers' under their settings' names. */
async function takeTurns(
  steps: number,
  threads: number,
  { rounds }: Limits,
  ours: { run(): Promise<unknown> },
  peers: readonly RunningPeer[],
): Promise<Map<string, Turns>> {
  const turns = new Map<string, Turns>();
  const note = (name: string, version: string, milliseconds: number) => {
    const known = turns.get(name) ?? { version, times: [] };
    known.times.push(milliseconds);
    turns.set(name, known);
  };
  const until = performance.now() + 1000 * MOST_SECONDS;
  for (let round = 0; round < rounds; round++) {
    if (round >= FEWEST_ROUNDS && performance.now() > until) break;
    const start = performance.now();
    const before = process.cpuUsage();
    await ours.run();
    const elapsed = performance.now() - start;
    const { user, system } = process.cpuUsage(before);
    note('', '', (threads === 1 ? (user + system) / 1000 : elapsed) / steps);
    for (const { setting, peer } of peers) {
      const result = await peer.run(steps);
      if (result !== null)
        note(setting.name, peer.version, (1000 * (threads === 1 ? result.used : result.seconds)) / steps);
    }
  }
  return turns;
}

interface Turns {
  readonly version: string;
  readonly times: number[];
}

function toRows(subject: Subject, threads: number, turns: Map<string, Turns>): readonly Row[] {
  const name = `${subject.title}, ${countOf(threads)}`;
  const common = { ours: median(turns.get('')!.times), unit: 'ms', better: 'lower' } as const;
  const asInstalled = turns.get(eager.name);
  const label = (setting: string, version: string) => `PyTorch ${version}, ${setting}`;
  const first = compared({
    ...common,
    name,
    peer: asInstalled === undefined ? null : median(asInstalled.times),
    peerName: asInstalled === undefined ? 'PyTorch' : label(eager.name, asInstalled.version),
  });
  const best = bestPeer(turns);
  if (best === undefined) return [first];
  const [setting, { version, times }] = best;
  return [
    first,
    compared({
      ...common,
      name: `${name}, best`,
      peer: median(times),
      peerName: label(setting, version),
      goal: subject.goal,
    }),
  ];
}

function bestPeer(turns: Map<string, Turns>): readonly [string, Turns] | undefined {
  const peers = [...turns].filter(([setting]) => setting !== '');
  return peers.sort(([, a], [, b]) => median(a.times) - median(b.times))[0];
}

function countOf(threads: number): string {
  return `${threads} thread${threads === 1 ? '' : 's'}`;
}

function checkSame(
  subject: Subject,
  setting: { readonly name: string },
  ours: Float32Array,
  theirs: readonly number[],
): void {
  theirs.forEach((loss, i) => {
    const difference = Math.abs(loss - ours[i]!) / Math.max(0.01 * Math.abs(theirs[0]!), Math.abs(loss));
    if (difference <= SAME) return;
    throw new Error(
      `${subject.title} differs from ${setting.name}: loss ${ours[i]} and ${loss} at step ${i}. The comparison would be void.`,
    );
  });
}
