// The stages of `npm test`, in their order. A tier counts its tests; a check counts as one.

/**
 * @typedef {object} Stage
 * @property {string} name
 * @property {string} about
 * @property {'tier' | 'check'} kind
 * @property {readonly string[]} command arguments for Node
 * @property {readonly string[]} needs stages that must have run before it
 * @property {boolean} inVscode whether it uses the VS Code server and the browser, which are then installed first
 * @property {number} minutes after which it is ended and failed
 */

/** @type {readonly Stage[]} */
export const stages = [
  check('lint', 'format and lint (Biome)', ['node_modules/@biomejs/biome/bin/biome', 'ci', '--colors=off', '.']),
  check('types', 'TypeScript, part by part', ['scripts/typecheck.mjs']),
  check('layers', 'who may import what', ['scripts/layers.mjs']),
  check('knip', 'dead code and unused packages', ['node_modules/knip/bin/knip.js']),
  tier('unit', 'unit tests', ['scripts/unit.mjs'], { minutes: 12 }),
  check('build', 'bundles and their inputs', ['scripts/build.mjs']),
  tier('kill', 'worker, shims and trainers killed at random moments', nodeTests('test/kill/**/*.test.ts'), {
    needs: ['build'],
    minutes: 8,
  }),
  tier('ssh', 'a real sshd: connections, launches, stops, hosts that go down', ['test/targets/ssh/main.mjs'], {
    minutes: 4,
  }),
  tier('slurm', 'the SLURM target: its batch script, and a real cluster of two nodes', [
    'test/targets/slurm/main.mjs',
    'fast',
  ]),
  tier('modal', "Modal's SDK against a local server of its protocol", nodeTests('test/targets/modal/*.test.ts')),
  tier('harness', 'the host-test harness itself', nodeTests('test/host/harness.test.ts'), { inVscode: true }),
  tier('host', 'inside a VS Code extension host', ['test/host/run.ts'], { needs: ['build'], inVscode: true }),
  tier('webview', 'panels in Chromium', nodeTests('test/webview/**/*.test.ts'), { needs: ['build'], inVscode: true }),
  tier('e2e', 'a person in VS Code, with a real run', nodeTests('test/e2e/**/*.e2e.ts'), {
    needs: ['build'],
    inVscode: true,
    minutes: 12,
  }),
  tier('package', 'the VSIX, its content and its activation', nodeTests('test/package/**/*.test.ts'), {
    inVscode: true,
  }),
];

/** @param {string} pattern */
function nodeTests(pattern) {
  return ['scripts/test/nodeTestsMain.mjs', pattern];
}

/** @param {string} name @param {string} about @param {readonly string[]} command @returns {Stage} */
function check(name, about, command) {
  return { name, about, kind: 'check', command, needs: [], inVscode: false, minutes: 5 };
}

/**
 * @param {string} name
 * @param {string} about
 * @param {readonly string[]} command
 * @param {{ needs?: readonly string[], inVscode?: boolean, minutes?: number }} [rest]
 * @returns {Stage}
 */
function tier(name, about, command, { needs = [], inVscode = false, minutes = 6 } = {}) {
  return { name, about, kind: 'tier', command, needs, inVscode, minutes };
}
