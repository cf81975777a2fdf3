// Runs test files under node:test and, when asked by TRAINYARD_TEST_COUNTS, leaves how many passed and failed.
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import path from 'node:path';

const REPORTER = path.resolve(import.meta.dirname, 'countReporter.mjs');

/**
 * Runs the files that match the patterns and whose path contains one of the parts (all, where none is given).
 * A run without any file fails: a tier that tests nothing must not look green.
 * @param {readonly string[]} patterns
 * @param {{ parts?: readonly string[], concurrency?: number, testTimeoutMs?: number }} [options]
 * @returns {Promise<number>} exit code
 */
export async function runNodeTests(patterns, { parts = [], concurrency = 1, testTimeoutMs = 180_000 } = {}) {
  const all = patterns.flatMap((pattern) => globSync(pattern)).sort();
  const files = parts.length === 0 ? all : all.filter((file) => parts.some((part) => file.includes(part)));
  if (files.length === 0) {
    console.error(`No test file matches ${[...patterns, ...parts].join(' ')}.`);
    return 1;
  }
  const reporters = ['--test-reporter=spec', '--test-reporter-destination=stdout'];
  const counts = process.env['TRAINYARD_TEST_COUNTS'];
  if (counts !== undefined) reporters.push(`--test-reporter=${REPORTER}`, `--test-reporter-destination=${counts}`);
  const flags = ['--test', `--test-concurrency=${concurrency}`, `--test-timeout=${testTimeoutMs}`, ...reporters];
  const child = spawn(process.execPath, [...flags, ...files], { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}
