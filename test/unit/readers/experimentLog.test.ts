import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { headingOf, splitLines } from '../../../src/readers/experimentLog/sections.ts';
import { insertEntry, type NewLogEntry, parseExperimentLog } from '../../../src/readers/index.ts';
import { corpus, readTruth, withoutCorpus } from './support/corpus.ts';

const realLog = 'kylevedder__DenoisingZoo/EXPERIMENT_LOG.md';

const entry: NewLogEntry = {
  phase: 'Phase 2: Digits',
  title: '2.1: first digits',
  status: 'completed',
  command: ['trainyard', 'launch', 'meanflow', 'note=a b'],
  runName: 'digits-1',
  configFile: 'configs/meanflow.yaml',
  commit: 'abc1234',
  dirty: true,
  results: [
    { metric: 'train/loss', value: '0.12' },
    { metric: 'a|b', value: '1' },
  ],
  checkpoints: ['last.safetensors'],
  conclusion: 'It works.',
};

test('the real log gives its headings, states and run names', { skip: withoutCorpus }, () => {
  const truth = readTruth<{
    [file: string]: {
      headings: [number, string][];
      run_names: string[];
      status: string[];
      lines: number;
      code_blocks: number;
    };
  }>('experiment_log_md', 'truth.json')[realLog]!;
  const text = readFileSync(path.join(corpus, 'experiment_log_md', realLog), 'utf8');
  const lines = splitLines(text);
  assert.equal(lines.length, truth.lines);
  assert.deepEqual(
    lines.flatMap((line) => headingOf(line) ?? []).map(({ level, title }) => [level, title]),
    truth.headings,
  );
  const entries = parseExperimentLog(text, 'EXPERIMENT_LOG.md');
  assert.deepEqual(
    entries.flatMap(({ runNames }) => runNames),
    truth.run_names,
  );
  assert.deepEqual(
    entries.map(({ status }) => status).filter((status) => status !== ''),
    truth.status,
  );
  for (const { line, title } of entries)
    assert.match(text.split('\n')[line]!, new RegExp(`^#{2,3} ${title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`));
  const found = entries.find(({ title }) => title.startsWith('4.2:'))!;
  assert.equal(found.phase, 'Phase 4: CIFAR-10 Experiments');
  assert.match(
    found.command,
    /^python launcher\.py --backend modal .* loss\.meanflow_ratio=0\.25 .* run_name=cifar10_ratio025_20ep$/,
  );
  const concluded = entries.find(({ title }) => title === 'Phase 2 Summary')!;
  assert.equal(
    concluded.conclusion,
    'MeanFlow ratio=0.25 achieves best energy distance, validating the implementation.',
  );
});

test('a new log is made of nothing, and reads back', () => {
  const { text, line } = insertEntry('', entry);
  assert.equal(
    text,
    [
      '# Experiment Log',
      '',
      '## Phase 2: Digits',
      '',
      '### 2.1: first digits',
      '',
      '**Status:** COMPLETED',
      '',
      '```bash',
      "trainyard launch meanflow 'note=a b' run_name=digits-1",
      '```',
      '',
      '**Configuration:** `configs/meanflow.yaml`',
      '',
      '**Commit:** `abc1234` with uncommitted changes',
      '',
      '| Metric | Value |',
      '|--------|-------|',
      '| train/loss | 0.12 |',
      '| a\\|b | 1 |',
      '',
      '**Checkpoints:** `last.safetensors`',
      '',
      '**Conclusion:** It works.',
      '',
    ].join('\n'),
  );
  assert.deepEqual(parseExperimentLog(text, 'f'), [
    {
      file: 'f',
      line,
      phase: entry.phase,
      title: entry.title,
      status: 'COMPLETED',
      command: "trainyard launch meanflow 'note=a b' run_name=digits-1",
      commands: ["trainyard launch meanflow 'note=a b' run_name=digits-1"],
      runNames: ['digits-1'],
      tables: [
        {
          columns: ['Metric', 'Value'],
          rows: [
            ['train/loss', '0.12'],
            ['a|b', '1'],
          ],
        },
      ],
      checkpoints: ['last.safetensors'],
      dates: [],
      conclusion: 'It works.',
    },
  ]);
});

test('an entry goes to the end of its phase, before the rule of the next one', () => {
  const before = '# Log\n\n## Phase 2: Digits\n\n### 2.0: old\n\ntext\n';
  const after = '\n---\n\n## Phase 3\n\n### 3.1\n';
  const { text, line } = insertEntry(before + after, entry);
  assert.ok(text.startsWith(`${before}\n### 2.1: first digits\n`));
  assert.ok(text.endsWith(`**Conclusion:** It works.\n${after}`));
  assert.equal(text.split('\n')[line], '### 2.1: first digits');
  const [old, added, next] = parseExperimentLog(text, 'f');
  assert.deepEqual(
    [old!.title, added!.title, added!.phase, next!.phase],
    ['2.0: old', entry.title, entry.phase, 'Phase 3'],
  );
});

test('what stood in a log stays byte for byte, in its own line breaks', async () => {
  const line = fc.constantFrom(
    '## Phase 2: Digits',
    '## Other',
    '# Top',
    '### e',
    '```',
    '~~~',
    '    code',
    '---',
    '',
    '',
    'text `x`',
    '**Status:** RUNNING',
    '| a | b |',
    '## Phase 2: Digits',
    'ü → 漢',
  );
  await fc.assert(
    fc.property(
      fc.array(line, { maxLength: 20 }),
      fc.constantFrom('\n', '\r\n'),
      fc.boolean(),
      (lines, newline, endsWithBreak) => {
        const text = lines.join(newline) + (endsWithBreak ? newline : '');
        const { text: written, line: at } = insertEntry(text, entry);
        assert.equal(written.split(/\r?\n/)[at], '### 2.1: first digits');
        // Cutting the entry out again must leave the old text: it is a beginning and an end of the new one.
        let shared = 0;
        while (shared < text.length && text[shared] === written[shared]) shared++;
        if (text.trim() !== '')
          assert.ok(written.endsWith(text.slice(shared)) && written.startsWith(text.slice(0, shared)));
        if (newline === '\r\n' && text.includes('\r\n')) assert.equal(/[^\r]\n/.test(written), /[^\r]\n/.test(text));
      },
    ),
    { numRuns: 300 },
  );
});

test('text of the user cannot break the log', () => {
  const wild: NewLogEntry = {
    ...entry,
    title: 'a\n## b',
    command: ['echo', 'x ``` y', "it's", 'two\nlines'],
    results: [{ metric: 'm\nn', value: '`|`' }],
    conclusion: 'One.\n## Not a phase\n```\n---\n\nTwo.',
  };
  const { text } = insertEntry('# L\n\n## Phase 2: Digits\n\n## After\n', wild);
  const headings = splitLines(text).flatMap((each) => headingOf(each) ?? []);
  assert.deepEqual(
    headings.map(({ level, title }) => [level, title]),
    [
      [1, 'L'],
      [2, 'Phase 2: Digits'],
      [3, 'a ## b'],
      [2, 'After'],
    ],
  );
  const [read] = parseExperimentLog(text, 'f');
  assert.equal(read!.command, `echo 'x \`\`\` y' 'it'\\''s' 'two lines' run_name=digits-1`);
});

test('runs are found by the names that our own command line gives', () => {
  const log = ['## A', '### 1: x', '```bash', 'trainyard launch meanflow --config c.yaml --name digits-2', '```'];
  assert.deepEqual(parseExperimentLog(log.join('\n'), 'L.md')[0]!.runNames, ['digits-2']);
  const trained = log.with(3, 'trainyard train c.yaml steps=3 name="digits 3"');
  assert.deepEqual(parseExperimentLog(trained.join('\n'), 'L.md')[0]!.runNames, ['digits 3']);
  const foreign = log.with(3, 'python train.py name=other');
  assert.deepEqual(parseExperimentLog(foreign.join('\n'), 'L.md')[0]!.runNames, []);
});

test('the real log gives its tables, checkpoints and days', { skip: withoutCorpus }, () => {
  const entries = parseExperimentLog(readFileSync(path.join(corpus, 'experiment_log_md', realLog), 'utf8'), 'L.md');
  const of = (title: string) => entries.find((each) => each.title.startsWith(title))!;
  assert.deepEqual(of('Phase 2 Summary').tables, [
    {
      columns: ['Experiment', 'Loss Type', 'Ratio', 'Final Loss', 'Energy Dist'],
      rows: [
        ['2.1', 'MSE', 'N/A', '6.8e-5', '26.71'],
        ['2.2', 'MeanFlow', '0.0', '0.000157', '14.63'],
        ['2.3', 'MeanFlow', '0.25', '0.000072', '9.09'],
      ],
    },
  ]);
  assert.deepEqual(
    of('4.3:').tables[0]!.rows.map((row) => row.at(-1)),
    ['0.207', '0.68'],
  );
  assert.deepEqual(
    of('4.1:').checkpoints,
    ['0005', '0010', '0015', '0020'].map((epoch) => `cifar10_ratio0_20ep_epoch_${epoch}.pt`),
  );
  assert.deepEqual(of('3.1:').checkpoints, ['outputs/ckpts/unet/archive/meanflow_ratio025_epoch_0200.pt']);
  assert.deepEqual([of('4.4:').dates, of('2.1:').dates], [['2026-01-22'], []]);
  assert.deepEqual(of('3.1:').commands.length, 1);
  const count = entries.reduce((sum, { tables }) => sum + tables.length, 0);
  // Of the 24 tables of the file, three stand in sections that are no entries.
  assert.equal(count, 21);
});

test('tables end where their rows do, and pipes within cells stay', () => {
  const log = [
    '### 1: x',
    '**Date:** 2026-01-22 to 2026-01-24, after 2026-13-01',
    'no | table',
    '',
    '| **a** | `b\\|c` |',
    '|:--|--:|',
    '| 1 | 2 | 3 |',
    '| only',
    'text',
    'p | q',
    '--- | ---',
    '```',
    '| in | code |',
    '|----|------|',
    'python eval.py ckpt_path=runs/a/last.ckpt --checkpoint=b.pt',
    '```',
    'Weights: `x_{1,2}_{a,b}.safetensors`, y.pt.',
  ];
  const [entry] = parseExperimentLog(log.join('\n'), 'L.md');
  assert.deepEqual(entry!.tables, [
    {
      columns: ['a', 'b|c'],
      rows: [
        ['1', '2'],
        ['only', ''],
      ],
    },
    { columns: ['p', 'q'], rows: [] },
  ]);
  assert.deepEqual(entry!.dates, ['2026-01-22', '2026-01-24']);
  assert.deepEqual(entry!.checkpoints, [
    'runs/a/last.ckpt',
    'b.pt',
    ...['1_a', '1_b', '2_a', '2_b'].map((name) => `x_${name}.safetensors`),
    'y.pt',
  ]);
  const many = parseExperimentLog(`### 1\n\`${'{a,b}'.repeat(60)}.pt\` ${'w'.repeat(200_000)}`, 'L.md');
  assert.equal(many[0]!.checkpoints.length, 1);
});

test('an entry may be a heading of any level, with parts of its own', () => {
  const read = (...lines: string[]) =>
    parseExperimentLog(lines.join('\n'), 'L.md').map(({ phase, title, tables, status, conclusion }) => [
      phase,
      title,
      tables.length,
      status,
      conclusion,
    ]);
  const table = ['| a |', '|---|', '| 1 |'];
  assert.deepEqual(
    read(
      '# Log',
      '## Setup of all',
      'text',
      '## Experiment 1: soft',
      '**Hypothesis:** it helps',
      '### **Results**',
      ...table,
      '### Analysis (partial)',
      '- **Verdict: FAILED.** It does not.',
      '## Experiment 2: hard (PENDING)',
      '## 2026-09-08: pilot complete',
      'Status: done, mostly',
      '### Key findings',
      '',
      'It works',
      'at last.',
      '',
      'More.',
      '## Phase 3',
      '### Setup',
      '### 3.1: real',
      '### Notes on everything',
      '## Series',
      '### Experiment 2v1: random',
      '### Results',
      ...table,
      '### Summary',
      '## Runs',
      '### Results',
      '**Status:** ✅ done',
    ),
    [
      ['', 'Experiment 1: soft', 1, '', 'FAILED. It does not.'],
      ['', 'Experiment 2: hard (PENDING)', 0, 'PENDING', ''],
      ['', '2026-09-08: pilot complete', 0, 'DONE, mostly', 'It works at last.'],
      ['Phase 3', 'Setup', 0, '', ''],
      ['Phase 3', '3.1: real', 0, '', ''],
      ['Phase 3', 'Notes on everything', 0, '', ''],
      ['Series', 'Experiment 2v1: random', 1, '', ''],
      ['Series', 'Summary', 0, '', ''],
      ['Runs', 'Results', 0, '✅ DONE', ''],
    ],
  );
  assert.deepEqual(read('# One', ...table, '# Two', 'text', '# Three', '```sh', 'python x.py', '```'), [
    ['', 'One', 1, '', ''],
    ['', 'Three', 0, '', ''],
  ]);
  assert.deepEqual(read('# The log', '**Status:** RUNNING', ...table), []);
});

test('runs are found by --run-name, too', () => {
  const log = [
    '### 1: x',
    '```bash',
    './train.sh --run-name router_3 --dataset-name d',
    'python t.py --exp_name=b',
    '```',
  ];
  assert.deepEqual(parseExperimentLog(log.join('\n'), 'L.md')[0]!.runNames, ['router_3', 'b']);
});
