import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import type { FoundRun } from '../../../src/domain/records.ts';
import { parseExperimentLog } from '../../../src/readers/experimentLog/parse.ts';
import type { RunFormat } from '../../../src/readers/format.ts';
import { hydraFormat } from '../../../src/readers/hydra/format.ts';
import { registryFormat } from '../../../src/readers/registry/format.ts';
import { slurmFormat } from '../../../src/readers/slurm/format.ts';
import { temporaryFolder } from './support/events.ts';

const registry = JSON.stringify({
  meta: { job_id: '1' },
  experiments: {
    a: {
      status: 'completed',
      result_file: 'runs/r.json',
      exit_code: 0,
      started_at: '2026-01-19T10:02:00',
      metrics: { x: 1 },
    },
  },
});
const traceback =
  'Traceback (most recent call last):\n  File "/lab/train.py", line 41, in main\n    fit()\nValueError: bad\n';

/** Files of a run of each format, and the run. */
const samples: readonly {
  readonly format: RunFormat;
  readonly files: { readonly [name: string]: string };
  readonly run: Pick<FoundRun, 'path' | 'key'>;
}[] = [
  {
    format: hydraFormat,
    files: {
      '.hydra/config.yaml': `a: \${b}\nb: [1, \${hydra:job.num}]\nc: !!python/tuple [x]\n`,
      '.hydra/hydra.yaml': 'hydra:\n  mode: RUN\n  job:\n    name: t\n    id: 4711_0\n',
      '.hydra/overrides.yaml': '- a=1\n',
      't.log': `[2026-01-08 12:12:03,664][m][ERROR] - x\n${traceback}`,
    },
    run: { path: '.' },
  },
  {
    format: registryFormat,
    files: { 'runs/experiment_registry.json': registry, 'runs/r.json': '{"log": [{"step": 1, "l": NaN}], "y": 2}' },
    run: { path: 'runs/experiment_registry.json', key: 'a' },
  },
  {
    format: slurmFormat,
    files: {
      'slurm-4711.out': `Node: n1\n${traceback}`,
      'slurm-4711.err': 'srun: error: n1: task 0: Exited with exit code 1\n',
      'a.sbatch': '#SBATCH -o slurm-%j.out\n',
    },
    run: { path: 'slurm-4711.out' },
  },
];

/** Some bytes of a text set, cut out or doubled. */
const damage = fc.array(
  fc.record({
    at: fc.nat(10_000),
    length: fc.nat(12),
    byte: fc.nat(255),
    kind: fc.constantFrom('set', 'cut', 'double'),
  }),
  { maxLength: 6 },
);

function damaged(text: string, changes: readonly { at: number; length: number; byte: number; kind: string }[]): Buffer {
  let bytes = Buffer.from(text);
  for (const { at, length, byte, kind } of changes) {
    const from = bytes.length === 0 ? 0 : at % bytes.length;
    const piece = bytes.subarray(from, from + length);
    const middle =
      kind === 'set'
        ? Buffer.alloc(piece.length, byte)
        : kind === 'cut'
          ? Buffer.alloc(0)
          : Buffer.concat([piece, piece]);
    bytes = Buffer.concat([bytes.subarray(0, from), middle, bytes.subarray(from + length)]);
  }
  return bytes;
}

for (const { format, files, run } of samples) {
  test(`${format.title}: damaged files are never an exception, and the next look is as good`, async (context) => {
    const root = temporaryFolder(context);
    const found: FoundRun = { source: format.source, root, name: 'a', ...run, path: path.join(root, run.path) };
    const write = (name: string, content: string | Buffer): void => {
      mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
      writeFileSync(path.join(root, name), content);
    };
    const whole = async (): Promise<unknown> => {
      for (const [name, text] of Object.entries(files)) write(name, text);
      const reader = format.open(found);
      const { facts, scalars } = await reader.poll(undefined, { maxBytes: 1 << 20 });
      reader.dispose();
      return {
        status: facts.status,
        reason: facts.statusReason,
        tags: scalars.map(({ tag, values }) => [tag, ...values]),
      };
    };
    const expected = await whole();
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...Object.keys(files)), damage, async (name, changes) => {
        write(name, damaged(files[name]!, changes));
        await format.list?.({ source: format.source, path: found.path, root });
        const reader = format.open(found);
        const first = await reader.poll(undefined, { maxBytes: 1 << 20 });
        JSON.stringify(first.cursor);
        for (const { steps, wallTimes, values } of first.scalars)
          assert.ok(steps.length === values.length && wallTimes.length === values.length);
        await reader.poll(first.cursor, { maxBytes: 1 << 20 });
        reader.dispose();
        assert.deepEqual(await whole(), expected);
      }),
      { numRuns: 60 },
    );
  });
}

test('any text is an experiment log', () => {
  const line = fc.constantFrom(
    '# a',
    '## b',
    '### c',
    '| a | b |',
    '|---|:-:|',
    '```',
    '~~~sh',
    '**Status:** x',
    'x_{a,{b}.pt',
    '\\|',
    '',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(line, fc.string()), { maxLength: 30 }), (lines) => {
      for (const { tables } of parseExperimentLog(lines.join('\n'), 'L.md'))
        for (const { columns, rows } of tables) assert.ok(rows.every((row) => row.length === columns.length));
    }),
    { numRuns: 500 },
  );
});
