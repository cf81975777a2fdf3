// Runs stages one after the other, keeps their output, and says at the end what passed.
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { ensureChromium, ensureCodeServer } from '../bootstrap.mjs';
import { seconds } from '../setup/step.mjs';
import { stages } from './stages.mjs';

const ARTIFACTS = 'test-artifacts';
const TAIL_LINES = 80;

/**
 * @typedef {object} Outcome
 * @property {import('./stages.mjs').Stage} stage
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {number} milliseconds
 * @property {string} problem why it failed, or ''
 */

/**
 * Runs the named stages and what they need (all, where none is named) and prints a table and the sum.
 * @param {readonly string[]} names
 * @param {readonly import('./stages.mjs').Stage[]} [table]
 * @returns {Promise<number>} exit code: 0 only when every stage passed
 */
export async function runStages(names, table = stages) {
  const unknown = names.filter((name) => !table.some((stage) => stage.name === name));
  if (unknown.length > 0) {
    console.error(`No such stage: ${unknown.join(', ')}. There are:\n${table.map(describe).join('\n')}`);
    return 2;
  }
  mkdirSync(ARTIFACTS, { recursive: true });
  const chosen = withNeeds(names, table);
  const streams = names.length > 0;
  if (!(await installTools(chosen))) return report([]);
  /** @type {Outcome[]} */
  const outcomes = [];
  for (const stage of chosen) {
    console.log(`▶ ${stage.name}: ${stage.about}`);
    const outcome = await runStage(stage, streams);
    outcomes.push(outcome);
    console.log(line(outcome));
    if (outcome.problem !== '' && !streams) console.log(indent(tail(logFile(stage))));
  }
  return report(outcomes);
}

/**
 * Installs what the stages use before the first one runs, so that no test's time-out is spent on a download.
 * @param {readonly import('./stages.mjs').Stage[]} chosen
 * @returns {Promise<boolean>} false when something cannot be had; why has then been said
 */
async function installTools(chosen) {
  if (!chosen.some((stage) => stage.inVscode)) return true;
  try {
    await ensureCodeServer();
    await ensureChromium();
    return true;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return false;
  }
}

/** @param {readonly string[]} names @param {readonly import('./stages.mjs').Stage[]} table */
function withNeeds(names, table) {
  if (names.length === 0) return table;
  const named = table.filter((stage) => names.includes(stage.name));
  const wanted = new Set(named.flatMap((stage) => [...stage.needs, stage.name]));
  return table.filter((stage) => wanted.has(stage.name));
}

/**
 * @param {import('./stages.mjs').Stage} stage
 * @param {boolean} streams whether its output is shown while it runs
 * @returns {Promise<Outcome>}
 */
async function runStage(stage, streams) {
  const start = performance.now();
  const countsFile = path.resolve(ARTIFACTS, `${stage.name}.counts.json`);
  rmSync(countsFile, { force: true });
  const { code, timedOut } = await runCommand(stage, countsFile, streams);
  const milliseconds = performance.now() - start;
  const counts = stage.kind === 'check' ? undefined : readCounts(countsFile);
  const { passed, failed, skipped } = counts ?? {
    passed: stage.kind === 'check' && code === 0 ? 1 : 0,
    failed: 0,
    skipped: 0,
  };
  const problem = problemOf({
    stage,
    code,
    timedOut,
    passed,
    failed,
    counted: stage.kind === 'check' || counts !== undefined,
  });
  // A stage that broke without a failed test still counts as one failure, so that the sum never says 0 failed wrongly.
  return { stage, passed, failed: problem !== '' && failed === 0 ? 1 : failed, skipped, milliseconds, problem };
}

/**
 * @param {import('./stages.mjs').Stage} stage
 * @param {string} countsFile
 * @param {boolean} streams
 * @returns {Promise<{ code: number | null, timedOut: boolean }>}
 */
function runCommand(stage, countsFile, streams) {
  const log = openSync(logFile(stage), 'w');
  const env = { ...process.env, TRAINYARD_TEST_COUNTS: countsFile, NO_COLOR: '1', FORCE_COLOR: undefined };
  // A group of its own, so that a stage that hangs ends with everything it started.
  const child = spawn(process.execPath, [...stage.command], { stdio: ['ignore', 'pipe', 'pipe'], env, detached: true });
  const keep = (/** @type {Buffer} */ chunk) => {
    writeSync(log, chunk);
    if (streams) process.stdout.write(chunk);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    endGroup(child);
  }, stage.minutes * 60_000);
  const interrupt = () => {
    endGroup(child);
    process.exit(130);
  };
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  return new Promise((resolve) => {
    child.on('close', (code) => {
      clearTimeout(timer);
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', interrupt);
      closeSync(log);
      resolve({ code, timedOut });
    });
  });
}

/** @param {import('node:child_process').ChildProcess} child */
function endGroup(child) {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It ended in between.
  }
}

/** @param {string} file @returns {{ passed: number, failed: number, skipped: number } | undefined} */
function readCounts(file) {
  try {
    const { passed, failed, skipped = 0 } = JSON.parse(readFileSync(file, 'utf8'));
    return { passed, failed, skipped };
  } catch {
    return undefined;
  }
}

/**
 * @param {{ stage: import('./stages.mjs').Stage, code: number | null, timedOut: boolean, passed: number, failed: number, counted: boolean }} facts
 * @returns {string}
 */
function problemOf({ stage, code, timedOut, passed, failed, counted }) {
  if (timedOut) return `ended after ${stage.minutes} minutes`;
  if (failed > 0) return `${failed} failed`;
  if (code !== 0) return `exit code ${code}`;
  if (!counted) return 'left no count of its tests';
  return passed === 0 ? 'no test ran' : '';
}

/** @param {readonly Outcome[]} outcomes */
function report(outcomes) {
  const total = outcomes.reduce((sum, outcome) => sum + outcome.milliseconds, 0);
  console.log(
    `\n${outcomes.map(line).join('\n')}\n${' '.repeat(11)}${seconds(total)} in all; output in ${ARTIFACTS}/<stage>.log`,
  );
  const sum = (/** @type {'passed' | 'failed' | 'skipped'} */ key) =>
    outcomes.reduce((all, outcome) => all + outcome[key], 0);
  if (sum('skipped') > 0) console.log(`${' '.repeat(11)}${sum('skipped')} skipped`);
  // Nothing ran where the tools could not be had; that is a failure too.
  const failed = outcomes.length === 0 ? 1 : sum('failed');
  console.log(`${sum('passed')} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

/** @param {Outcome} outcome */
function line({ stage, passed, failed, skipped, milliseconds, problem }) {
  const counts =
    stage.kind === 'check'
      ? ''
      : `${passed} passed${failed > 0 ? `, ${failed} failed` : ''}${skipped > 0 ? `, ${skipped} skipped` : ''}`;
  const mark = problem === '' ? '✔' : '✘';
  return `${mark} ${stage.name.padEnd(8)} ${seconds(milliseconds).padStart(12)}  ${counts}${problem === '' ? '' : `  ${problem}`}`.trimEnd();
}

/** @param {import('./stages.mjs').Stage} stage */
function describe(stage) {
  return `  ${stage.name.padEnd(8)} ${stage.about}`;
}

/** @param {import('./stages.mjs').Stage} stage */
function logFile(stage) {
  return path.join(ARTIFACTS, `${stage.name}.log`);
}

/** @param {string} file */
function tail(file) {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
}

/** @param {string} text */
function indent(text) {
  return text.replace(/^/gm, '    ');
}
