// Our loader and PyTorch's, in turns.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { BatchLoader } from '../../../src/trainer/data/batches.ts';
import { ChildPeer } from '../engine/childPeer.ts';
import { torchEnvironment } from '../engine/torchPeer.ts';
import { compared, median, type Row } from '../report.ts';
import type { Subject } from './subjects.ts';

export const batchSize = 64;
export const threads = 2;
const turns = 5;
/** Batches that fall away, while threads start and read what they need. */
const warmUp = 10;

export async function loaderRows(subjects: readonly Subject[]): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const subject of subjects) rows.push(await loaderRow(subject));
  return rows;
}

async function loaderRow(subject: Subject): Promise<Row> {
  const ours: number[] = [];
  const theirs: number[] = [];
  const set = await subject.open();
  const loader = new BatchLoader(set, 1, { threads });
  const peer = await startPeer(subject);
  try {
    let position = 0;
    const load = async (batches: number) => {
      for (let i = 0; i < batches; i++) {
        await loader.take(position, batchSize);
        position += batchSize;
      }
    };
    await load(warmUp);
    if (peer !== null) await peer.run(warmUp);
    for (let turn = 0; turn < turns; turn++) {
      const begin = performance.now();
      await load(subject.batches);
      ours.push((1000 * subject.batches * batchSize) / (performance.now() - begin));
      const answer = peer === null ? null : await peer.run(subject.batches);
      if (answer !== null) theirs.push((subject.batches * batchSize) / answer.seconds);
    }
    const figure = theirs.length === 0 ? null : median(theirs);
    const about = { name: subject.name, unit: 'examples/s', better: 'higher', peerName: 'DataLoader' } as const;
    return compared({ ...about, ours: median(ours), peer: figure, goal: 1 });
  } finally {
    loader.dispose();
    set.dispose();
    await peer?.dispose();
  }
}

function startPeer(subject: Subject): Promise<ChildPeer | null> {
  return ChildPeer.start('PyTorch', (folder) => {
    const plan = path.join(folder, 'plan.json');
    writeFileSync(plan, JSON.stringify({ ...subject.peer, batch: batchSize, workers: threads }));
    return {
      program: 'python3',
      args: [path.join(import.meta.dirname, 'loaderPeer.py'), plan],
      env: torchEnvironment(),
    };
  });
}
