import { WINDOW } from './noise.ts';
import type { CurveRecord } from './record.ts';

/** The page of the curves, from what was measured. */
export function curvePage(records: Readonly<Record<string, CurveRecord>>): string {
  return `# Loss curves against PyTorch

Does training take the course that it takes in PyTorch? \`npm run curves\` trains a network for 2000 steps here and in PyTorch from the same weights, with the same batches in the same order (noise
and times of MeanFlow among them, as data) and the same AdamW, and writes this page. Both compute in float32 on one thread.

Two programs that add numbers in another order differ in their last bits, and training makes such differences grow. So PyTorch is run several times, from weights of which each was moved by at most one
step of float32: how far those runs are apart is noise, and ours should be no further from them than they are from each other. Points are means over ${WINDOW} steps. The distance of a run is the mean over
all points of how far it is from the mean of PyTorch's (other) runs.

${Object.entries(records).map(section).join('\n')}`;
}

function section([id, record]: readonly [string, CurveRecord]): string {
  const { title, comparison, first, torch, processor, seconds, ours, peers } = record;
  const { ours: away, theirs, inside, insideOfTheirs } = comparison;
  const last = (values: readonly number[]) => values.at(-1)!.toFixed(4);
  const apart = Math.max(
    ...first.ours.map((value, i) => Math.abs(value - first.torch[i]!) / Math.abs(first.torch[i]!)),
  );
  const verdict =
    away <= Math.max(...theirs)
      ? 'no further than the furthest of them: within noise'
      : `${(away / Math.max(...theirs)).toFixed(2)} times as far as the furthest of them`;
  return `## ${title}

![Loss curves of ${id}](images/curve-${id}.svg)

| | |
|---|---|
| our distance from PyTorch's runs | ${away.toExponential(2)} |
| distances of PyTorch's runs from each other | ${theirs.map((each) => each.toExponential(2)).join(', ')} |
| verdict | ${verdict} |
| points of ours between PyTorch's lowest and highest run | ${percent(inside)}, of one of theirs between the others ${percent(insideOfTheirs)} |
| first five losses | at most ${apart.toExponential(1)} apart, relative |
| mean of the last ${WINDOW} losses | ours ${last(ours.float32)}${ours.bfloat16 === undefined ? '' : `, with bf16 products ${last(ours.bfloat16)}`}; PyTorch ${peers.map(({ means }) => last(means)).join(', ')} |
| measured with | PyTorch ${torch}, ${processor}; ${seconds.ours} s for our run and ${seconds.torch} s for one of PyTorch's, on a machine that was not quiet |
`;
}

function percent(part: number): string {
  return `${Math.round(100 * part)} %`;
}
