import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { openDataSet } from '../../../../src/trainer/data/openDataSet.ts';
import { temporaryFolder } from '../support.ts';

const genome = '>one first\nACGTACGTAC\nGTTTTT\n>two\nacgtn\n';

async function open(folder: string, table: string) {
  const fasta = path.join(folder, 'genome.fa');
  const variants = path.join(folder, 'variants.tsv');
  writeFileSync(fasta, genome);
  writeFileSync(variants, table);
  const source = { kind: 'variants', genome: fasta, window: 5 } as const;
  const set = await openDataSet({ name: 'variants', path: variants, split: 'test', required: true, source });
  assert.ok(set !== undefined);
  return set;
}

test('variants stand in the middle of their windows, with padding beyond the ends of a contig', async (t) => {
  const folder = temporaryFolder(t);
  const table =
    '##source=somebody\nlabel\tCHROM\tpos\tREF\tALT\n1\tone\t4\tT\tG\n0\ttwo\t1\tA\tC\n\n1\tone\t16\tt\ta\n';
  const set = await open(folder, table);
  const { tokens, references, alternatives, labels } = set.gather([0, 1, 2]);
  assert.equal(set.facts.examples, 3);
  // Padding 0, A 3, C 4, G 5, T 6.
  assert.deepEqual([...tokens!], [4, 5, 6, 3, 4, 0, 0, 3, 4, 5, 6, 6, 6, 0, 0]);
  assert.deepEqual([...references!], [6n, 3n, 6n]);
  assert.deepEqual([...alternatives!], [5n, 4n, 3n]);
  assert.deepEqual([...labels!], [1n, 0n, 1n]);
  assert.match(set.sha256, /^[0-9a-f]{64}$/);
  set.dispose();
  const other = await open(folder, table.replace('0\ttwo', '1\ttwo'));
  assert.notEqual(other.sha256, set.sha256);
  other.dispose();
});

test('what does not fit the genome is told with its line', async (t) => {
  const header = 'contig\tpos\tref\talt\tlabel\n';
  const refusals: readonly (readonly [string, RegExp])[] = [
    [`${header}one\t4\tG\tA\t1\n`, /Line 2 .*has "T" there, not "G"/],
    [`${header}one\t4\tT\tA\t1\nthree\t4\tT\tA\t1\n`, /Line 3 .*no contig "three", but one, two/],
    [`${header}one\t17\tT\tA\t1\n`, /Line 2 .*one has 16 bases/],
    [`${header}one\t0\tT\tA\t1\n`, /Line 2 .*position "0"/],
    [`${header}one\t4\tT\tAT\t1\n`, /Line 2 .*"AT" as alternative/],
    [`${header}one\t4\tT\tA\tbad\n`, /Line 2 .*label "bad"/],
    ['contig\tpos\tref\talt\none\t4\tT\tA\n', /no column "label"/],
    [header, /has no rows/],
    ['', /is empty/],
  ];
  for (const [table, reason] of refusals) await assert.rejects(open(temporaryFolder(t), table), reason);
});
