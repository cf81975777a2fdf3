// Real libraries write runs, live, while our readers tail them, and the totals must agree. What can be installed here is installed by itself, into a cache.
// Arguments: names of trackers (default: all). What is left out is said with its reason; it ends with 1 where a check fails.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { lightningTracker } from './lightning.ts';
import { PythonPackages } from './python.ts';
import { tensorboardTracker } from './tensorboard.ts';
import type { Tracker } from './tracker.ts';
import { transformersTracker } from './transformers.ts';
import { wandbTracker } from './wandb.ts';

const trackers: readonly Tracker[] = [wandbTracker, tensorboardTracker, lightningTracker, transformersTracker];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !trackers.some((tracker) => tracker.name === name));
if (unknown.length > 0) throw new Error(`There is no tracker ${unknown.join(', ')}.`);

let passed = 0;
let failed = 0;
const leftOut: string[] = [];
for (const tracker of trackers) {
  if (wanted.length > 0 && !wanted.includes(tracker.name)) continue;
  const python = new PythonPackages(tracker.name);
  const why = await prepare(tracker, python);
  if (why === undefined) await runChecks(tracker, python);
  else leftOut.push(`${tracker.name}: ${why}`);
}
for (const line of leftOut) console.log(`left out  ${line}`);
console.log(`${passed} passed, ${failed} failed, ${leftOut.length} left out`);
process.exitCode = failed > 0 ? 1 : 0;

/** Why the tracker cannot be had, or undefined. */
async function prepare(tracker: Tracker, python: PythonPackages): Promise<string | undefined> {
  try {
    if (tracker.prepare !== undefined) await tracker.prepare(python);
    else if ((await python.missing(tracker.modules)).length > 0) await python.install(tracker.packages);
    const missing = await python.missing(tracker.modules);
    return missing.length === 0 ? undefined : missing.join('; ');
  } catch (error) {
    return (error as Error).message;
  }
}

async function runChecks(tracker: Tracker, python: PythonPackages): Promise<void> {
  for (const [about, check] of Object.entries(tracker.checks)) {
    const folder = mkdtempSync(path.join(os.tmpdir(), `trainyard-${tracker.name}-`));
    try {
      console.log(`ok        ${tracker.name}: ${about}: ${await check({ python, folder })}`);
      passed++;
    } catch (error) {
      console.log(`FAILED    ${tracker.name}: ${about}\n${(error as Error).stack}`);
      failed++;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}
