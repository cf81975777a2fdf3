// Training steps against PyTorch: the same networks, starting values, batches and optimizer, turn by turn.
// Options: --rounds N (at most, default 15), --only mlp|dit|unet, --threads 1,2, --compile (also torch.compile, which takes minutes).
import os from 'node:os';
import { parseArgs } from 'node:util';
import { OurSteps, type Prepared, prepare } from './engine/ours.ts';
import { OurProducts, operationsOf, type ProductSet, productSets } from './engine/products.ts';
import { type Subject, subjects } from './engine/subjects.ts';
import { type PeerSetting, TorchPeer } from './engine/torchPeer.ts';
import { compared, median, type Row, writeReport } from './report.ts';

/** Largest difference of the losses of the first steps that still counts as the same network, relative to the loss, or to a hundredth of the first one. */
const SAME = 2e-3;

/** Turns are taken for this long, but at least three from each side, so that all ends within nine minutes, if others leave it the processors. */
const MOST_SECONDS = 25;
const FEWEST_ROUNDS = 3;

/** Above this load average the processors are shared with other programs, and a median says little. */
const QUIET_LOAD = 1;
const loadBefore = os.loadavg()[0]!;

const eager: PeerSetting = { name: 'eager, fused AdamW' };
const fastPath: PeerSetting = { name: 'fast path of oneMKL', mklFastPath: true };
const settings: readonly PeerSetting[] = [
  eager,
  fastPath,
  { name: 'channels last, fast path of oneMKL', channelsLast: true, mklFastPath: true },
  { name: 'torch.compile, fast path of oneMKL', compile: true, mklFastPath: true },
];

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    only: { type: 'string' },
    threads: { type: 'string' },
    compile: { type: 'boolean', default: false },
  },
});

const rows: Row[] = [];
const bounds: string[] = [];
const wanted = subjects.filter(({ id }) => options.only === undefined || id === options.only).map(prepare);
for (const threads of threadCounts()) {
  for (const prepared of wanted) {
    const [step, best] = await measure(prepared, threads);
    rows.push(...[step, best].filter((row) => row !== undefined));
    const set = productSets.find((each) => each.subject === prepared.subject.id);
    const products = set === undefined ? undefined : await measureProducts(set, threads);
    if (products !== undefined) {
      rows.push(products.row);
      bounds.push(boundOf(step!, products));
    }
    // After each, so that a run that is broken off leaves what it measured.
    report();
  }
}

function report(): void {
  writeReport('engine', rows, [
    'One training step (forward, backward, AdamW with decay) in milliseconds, with one thread of processor time, with two by the clock: medians of turns (20, 5 and 3 steps) that alternate between both sides. ' +
      'Ours runs the steps of a turn in one Scan. The losses of the first turn agree on both sides, so the networks are the same.',
    'Rows named "best" are against the fastest setting of PyTorch that was measured, whichever it is. pip’s PyTorch uses oneMKL, which takes a ' +
      'slow path on some AMD processors; "fast path of oneMKL" lifts that with a preloaded library, so that it does about as well as on Intel.',
    ...(loadBefore <= QUIET_LOAD
      ? []
      : [
          `Not a quiet machine: the load was ${loadBefore.toFixed(1)} before the start, so these figures are no claim.`,
        ]),
    ...(bounds.length === 0 ? [] : [`How far the goal can be reached on this processor: ${bounds.join(' ')}`]),
  ]);
}

function threadCounts(): readonly number[] {
  if (options.threads !== undefined) return options.threads.split(',').map(Number);
  return os.availableParallelism() >= 2 ? [1, 2] : [1];
}

/** Two rows: against eager PyTorch as installed, and against the best setting. */
async function measure(prepared: Prepared, threads: number): Promise<readonly Row[]> {
  const { subject } = prepared;
  const ours = await OurSteps.create(prepared, subject.turn, threads);
  const wanted = settings.filter(({ compile, channelsLast }) => {
    return (compile !== true || options.compile) && (channelsLast !== true || subject.convolutional === true);
  });
  const peers = await startPeers(prepared, wanted, threads);
  try {
    const firstLosses = await ours.run();
    for (const { peer, setting } of peers)
      checkSame(subject, setting, firstLosses, (await peer.run(subject.turn))?.losses ?? []);
    const times = await takeTurns(subject.turn, threads, ours, peers);
    return toRows(subject, threads, times);
  } finally {
    ours.dispose();
    for (const { peer } of peers) await peer.dispose();
  }
}

interface ProductFigures {
  readonly row: Row;
  readonly set: ProductSet;
}

/** The products alone, against the faster of both settings of oneMKL. */
async function measureProducts(set: ProductSet, threads: number): Promise<ProductFigures> {
  const ours = await OurProducts.create(set, threads);
  const peers = await startPeers(set, [eager, fastPath], threads);
  try {
    await ours.run();
    for (const { peer } of peers) await peer.run(set.turn);
    const turns = await takeTurns(set.turn, threads, ours, peers);
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
function boundOf(step: Row, { row, set }: ProductFigures): string {
  const speed = (milliseconds: number) => `${Math.round(operationsOf(set) / milliseconds / 1e6)} GFLOP/s`;
  const theirs = row.peer === null ? '' : `, oneMKL ${speed(row.peer)}`;
  const rate = `ONNX Runtime multiplies at ${speed(row.ours!)}${theirs}`;
  const bound =
    step.peer === null ? '' : `; with everything else free, the ratio would be ${(step.peer / row.ours!).toFixed(2)}×`;
  return `${row.name}: ${rate}${bound}.`;
}

interface RunningPeer {
  readonly setting: PeerSetting;
  readonly peer: TorchPeer;
}

async function startPeers(
  work: Prepared | ProductSet,
  wanted: readonly PeerSetting[],
  threads: number,
): Promise<readonly RunningPeer[]> {
  const started: RunningPeer[] = [];
  for (const setting of wanted) {
    const peer = await TorchPeer.start(work, threads, setting);
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
  for (let round = 0; round < Number(options.rounds); round++) {
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

function checkSame(subject: Subject, setting: PeerSetting, ours: Float32Array, theirs: readonly number[]): void {
  theirs.forEach((loss, i) => {
    const difference = Math.abs(loss - ours[i]!) / Math.max(0.01 * Math.abs(theirs[0]!), Math.abs(loss));
    if (difference <= SAME) return;
    throw new Error(
      `${subject.title} differs from PyTorch (${setting.name}): loss ${ours[i]} and ${loss} at step ${i}. The comparison would be void.`,
    );
  });
}
