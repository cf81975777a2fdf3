// Training steps against PyTorch: the same networks, starting values, batches and optimizer, turn by turn.
// Options: --rounds N (default 9), --only mlp|dit|unet, --threads 1,2, --compile (also torch.compile, which takes minutes).
import os from 'node:os';
import { parseArgs } from 'node:util';
import { OurSteps, type Prepared, prepare } from './engine/ours.ts';
import { type Subject, subjects } from './engine/subjects.ts';
import { type PeerSetting, TorchPeer } from './engine/torchPeer.ts';
import { compared, median, type Row, writeReport } from './report.ts';

/** Largest relative difference of the losses of the first steps that still counts as the same network. */
const SAME = 2e-3;

const eager: PeerSetting = { name: 'eager, fused AdamW' };
const settings: readonly PeerSetting[] = [
  eager,
  { name: 'channels last', channelsLast: true },
  { name: 'fast path of oneMKL', mklFastPath: true },
  { name: 'torch.compile', compile: true },
];

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    only: { type: 'string' },
    threads: { type: 'string' },
    compile: { type: 'boolean', default: false },
  },
});

const rows: Row[] = [];
for (const subject of subjects.filter(({ id }) => options.only === undefined || id === options.only)) {
  for (const threads of threadCounts()) rows.push(...(await measure(prepare(subject), threads)));
}
writeReport('engine', rows, [
  'One training step (forward, backward, AdamW with decay) in milliseconds: medians of turns (50, 10 and 5 steps) that alternate between both sides. ' +
    'Ours runs the steps of a turn in one Scan. The losses of the first turn agree on both sides, so the networks are the same.',
  'Rows named "best" are against the fastest setting of PyTorch that was measured, whichever it is. pip’s PyTorch uses oneMKL, which takes a ' +
    'slow path on AMD processors; "fast path of oneMKL" lifts that with a preloaded library, so that it does about as well as on Intel.',
]);

function threadCounts(): readonly number[] {
  if (options.threads !== undefined) return options.threads.split(',').map(Number);
  return os.availableParallelism() >= 2 ? [1, 2] : [1];
}

/** Two rows: against eager PyTorch as installed, and against the best setting. */
async function measure(prepared: Prepared, threads: number): Promise<readonly Row[]> {
  const { subject } = prepared;
  const ours = await OurSteps.create(prepared, subject.turn, threads);
  const peers = await startPeers(prepared, threads);
  try {
    const firstLosses = await ours.run();
    for (const { peer, setting } of peers)
      checkSame(subject, setting, firstLosses, (await peer.run(subject.turn))?.losses ?? []);
    const times = await takeTurns(subject.turn, ours, peers);
    return toRows(subject, threads, times);
  } finally {
    ours.dispose();
    for (const { peer } of peers) await peer.dispose();
  }
}

interface RunningPeer {
  readonly setting: PeerSetting;
  readonly peer: TorchPeer;
}

async function startPeers(prepared: Prepared, threads: number): Promise<readonly RunningPeer[]> {
  const wanted = settings.filter(({ compile, channelsLast }) => {
    return (compile !== true || options.compile) && (channelsLast !== true || prepared.subject.id === 'unet');
  });
  const started: RunningPeer[] = [];
  for (const setting of wanted) {
    const peer = await TorchPeer.start(prepared, threads, setting);
    if (peer !== null) started.push({ setting, peer });
  }
  return started;
}

/** Milliseconds per step of each turn: ours under '', the peers' under their settings' names. */
async function takeTurns(steps: number, ours: OurSteps, peers: readonly RunningPeer[]): Promise<Map<string, Turns>> {
  const turns = new Map<string, Turns>();
  const note = (name: string, version: string, milliseconds: number) => {
    const known = turns.get(name) ?? { version, times: [] };
    known.times.push(milliseconds);
    turns.set(name, known);
  };
  for (let round = 0; round < Number(options.rounds); round++) {
    const start = performance.now();
    await ours.run();
    note('', '', (performance.now() - start) / steps);
    for (const { setting, peer } of peers) {
      const result = await peer.run(steps);
      if (result !== null) note(setting.name, peer.version, (1000 * result.seconds) / steps);
    }
  }
  return turns;
}

interface Turns {
  readonly version: string;
  readonly times: number[];
}

function toRows(subject: Subject, threads: number, turns: Map<string, Turns>): readonly Row[] {
  const name = `${subject.title}, ${threads} thread${threads === 1 ? '' : 's'}`;
  const ours = median(turns.get('')!.times);
  const common = { ours, unit: 'ms', better: 'lower' } as const;
  const peers = [...turns].filter(([setting]) => setting !== '');
  const asInstalled = turns.get(eager.name);
  const best = peers.sort(([, a], [, b]) => median(a.times) - median(b.times))[0];
  const label = (setting: string, version: string) => `PyTorch ${version}, ${setting}`;
  const first = compared({
    ...common,
    name,
    peer: asInstalled === undefined ? null : median(asInstalled.times),
    peerName: asInstalled === undefined ? 'PyTorch' : label(eager.name, asInstalled.version),
    goal: subject.goal,
  });
  if (best === undefined) return [first];
  const [setting, { version, times }] = best;
  return [
    first,
    compared({ ...common, name: `${name}, best`, peer: median(times), peerName: label(setting, version) }),
  ];
}

function checkSame(subject: Subject, setting: PeerSetting, ours: Float32Array, theirs: readonly number[]): void {
  theirs.forEach((loss, i) => {
    const difference = Math.abs(loss - ours[i]!) / Math.max(1e-3, Math.abs(loss));
    if (difference <= SAME) return;
    throw new Error(
      `${subject.title} differs from PyTorch (${setting.name}): loss ${ours[i]} and ${loss} at step ${i}. The comparison would be void.`,
    );
  });
}
