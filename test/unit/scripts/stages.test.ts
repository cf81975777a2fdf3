import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { Stage } from '../../../scripts/test/stages.mjs';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'ty-stages-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A stage whose command is a small program; `counts` stands for a test runner that leaves its figures. */
function stage(name: string, kind: Stage['kind'], program: string, rest: Partial<Stage> = {}): Stage {
  return { name, kind, about: name, command: ['-e', program], needs: [], inVscode: false, minutes: 1, ...rest };
}

const counts = (passed: number, failed: number): string =>
  `require('node:fs').writeFileSync(process.env.TRAINYARD_TEST_COUNTS, '${JSON.stringify({ passed, failed })}');`;

/** Runs the stages as `npm test` does, in a process of its own, and gives its lines and exit code. */
function run(
  stages: readonly Stage[],
  names: readonly string[] = [],
): { readonly status: number | null; readonly lines: string[] } {
  const module = JSON.stringify(path.resolve('scripts/test/run.mjs'));
  const program = `const { runStages } = await import(${module}); process.exitCode = await runStages(${JSON.stringify(names)}, ${JSON.stringify(stages)});`;
  const file = path.join(folder, 'run.mjs');
  writeFileSync(file, program);
  // Inside node:test, a nested test run would take over the outer run's protocol.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], { cwd: folder, encoding: 'utf8', env });
  assert.equal(stderr, '');
  return { status, lines: stdout.trimEnd().split('\n') };
}

test('tests are counted over the tiers, a check counts as one, and the sum stands alone on the last line', () => {
  const { status, lines } = run([
    stage('lint', 'check', ''),
    stage('unit', 'tier', counts(3, 0)),
    stage('host', 'tier', counts(2, 0)),
  ]);
  assert.equal(lines.at(-1), '6 passed, 0 failed');
  assert.equal(status, 0);
});

test('a failed test fails the whole, and the output of its stage is shown and kept', () => {
  const { status, lines } = run([
    stage('unit', 'tier', `console.log('what went wrong'); ${counts(3, 2)} process.exit(1);`),
  ]);
  assert.equal(lines.at(-1), '3 passed, 2 failed');
  assert.ok(lines.some((line) => line.trim() === 'what went wrong'));
  assert.match(readFileSync(path.join(folder, 'test-artifacts/unit.log'), 'utf8'), /what went wrong/);
  assert.equal(status, 1);
});

const broken: readonly { readonly what: string; readonly stage: Stage; readonly says: RegExp }[] = [
  { what: 'a tier that ran no test', stage: stage('unit', 'tier', counts(0, 0)), says: /no test ran/ },
  { what: 'a tier that leaves no count', stage: stage('unit', 'tier', ''), says: /left no count/ },
  {
    what: 'a tier that passes its tests and then breaks',
    stage: stage('unit', 'tier', `${counts(1, 0)} process.exit(7);`),
    says: /exit code 7/,
  },
  { what: 'a check with another exit code', stage: stage('lint', 'check', 'process.exit(3)'), says: /exit code 3/ },
  {
    what: 'a stage that hangs',
    stage: stage('unit', 'tier', 'setInterval(() => {}, 1000)', { minutes: 0.01 }),
    says: /ended after/,
  },
];

for (const { what, stage: bad, says } of broken) {
  test(`${what} counts as one failure`, () => {
    const { status, lines } = run([bad]);
    assert.match(lines.at(-1) ?? '', /^\d passed, 1 failed$/);
    assert.ok(lines.some((line) => says.test(line)));
    assert.equal(status, 1);
  });
}

test('a stage that is named brings what it needs, and nothing else', () => {
  const stages = [
    stage('lint', 'check', 'process.exit(1)'),
    stage('build', 'check', ''),
    stage('host', 'tier', counts(1, 0), { needs: ['build'] }),
  ];
  const { status, lines } = run(stages, ['host']);
  assert.equal(lines.at(-1), '2 passed, 0 failed');
  assert.equal(status, 0);
});
