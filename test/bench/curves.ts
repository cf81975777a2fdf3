// Loss curves over 2000 steps against PyTorch from the same weights and batches: `npm run curves`. Writes docs/curves.md, a picture per network and the figures.
// Options: --only meanflow|transformer, --resume, --quick (two of PyTorch's runs, no 16 bits). The noise: PyTorch's own runs from weights of which each was moved by at most one step of float32.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { readIdxBytes } from './curves/digits.ts';
import { compareCurves, windowMeans } from './curves/noise.ts';
import { curvePage } from './curves/page.ts';
import { curvePicture } from './curves/picture.ts';
import type { CurveRecord } from './curves/record.ts';
import { type CurveRun, ourLosses, PeerFiles, type PeerRun } from './curves/runs.ts';
import { type CurveSubject, flowSubject, tokenSubject } from './curves/subjects.ts';

const peers: readonly PeerRun[] = [0, 1, 2].map((perturb) => ({ threads: 1, perturb }));

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    resume: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
  },
});
const root = path.resolve(import.meta.dirname, '../..');
const results = path.join(root, 'test/bench/results/curves.json');

const makers: Readonly<Record<CurveSubject['id'], () => CurveSubject>> = {
  meanflow: () => flowSubject(...readIdxBytes(root)),
  transformer: tokenSubject,
};

for (const id of Object.keys(makers) as CurveSubject['id'][]) {
  if (options.only !== undefined && options.only !== id) continue;
  const made = await record(makers[id]());
  // Read now: another process may have measured the other network meanwhile.
  writeFileSync(results, `${JSON.stringify({ ...readRecords(), [id]: made })}\n`);
}
const records = readRecords();
for (const [id, each] of Object.entries(records)) {
  writeFileSync(path.join(root, `docs/images/curve-${id}.svg`), curvePicture(each));
}
writeFileSync(path.join(root, 'docs/curves.md'), curvePage(records));

/** Every run is kept as soon as it has ended, so that `--resume` goes on where a measurement was broken off. */
async function record(subject: CurveSubject): Promise<CurveRecord> {
  const files = await PeerFiles.write(subject);
  try {
    const plain = await kept(subject, 'float32', () => ourLosses(subject, 1));
    const runs = [];
    for (const run of options.quick ? peers.slice(0, 2) : peers) {
      runs.push({ run, ...(await kept(subject, `torch-${run.perturb}`, () => files.run(run))) });
    }
    const precision = { type: 'bfloat16', emulated: true } as const;
    const rounded = options.quick
      ? undefined
      : await kept(subject, 'bfloat16', () => ourLosses(subject, 1, { precision }));
    const means = runs.map(({ run, losses }) => ({ run, means: windowMeans(losses) }));
    return {
      title: subject.title,
      torch: runs[0]!.version,
      processor: os.cpus()[0]!.model,
      seconds: { ours: plain.seconds, torch: runs[0]!.seconds },
      ours: {
        float32: windowMeans(plain.losses),
        ...(rounded === undefined ? {} : { bfloat16: windowMeans(rounded.losses) }),
      },
      peers: means,
      comparison: compareCurves(
        windowMeans(plain.losses),
        means.map((each) => each.means),
      ),
      first: { ours: plain.losses.slice(0, 5), torch: runs[0]!.losses.slice(0, 5) },
    };
  } finally {
    files.dispose();
  }
}

interface Kept extends CurveRun {
  readonly seconds: number;
}

async function kept(subject: CurveSubject, key: string, make: () => Promise<CurveRun>): Promise<Kept> {
  const folder = path.join(root, 'test-artifacts/curves');
  const file = path.join(folder, `${subject.id}-${key}.json`);
  if (options.resume && existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Kept;
  const start = performance.now();
  const made = { ...(await make()), seconds: Math.round((performance.now() - start) / 1000) };
  console.log(`${subject.id} ${key}: ${made.seconds} s, last loss ${made.losses.at(-1)}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, JSON.stringify(made));
  return made;
}

function readRecords(): Record<string, CurveRecord> {
  try {
    return JSON.parse(readFileSync(results, 'utf8')) as Record<string, CurveRecord>;
  } catch {
    return {};
  }
}
