// How long large graphs take to start: made, encoded and loaded by ONNX Runtime, for the first time and from the cache of optimized models.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { singleStepModel } from '../../../src/graph/index.ts';
import { nodesBehind } from '../../../src/graph/traverse.ts';
import { recipes } from '../../../src/recipes/index.ts';
import { loadConfig } from '../../../src/trainer/config/loadConfig.ts';
import { modelOptions } from '../../../src/trainer/devices/providers.ts';
import { modelCacheVariable } from '../../../src/trainer/engine/modelCache.ts';
import { ModelSession } from '../../../src/trainer/engine/session.ts';
import { stepFor } from '../../../src/trainer/engine/stepFor.ts';
import { writeConfig } from '../../unit/trainer/support.ts';

/** Seconds of processor time; wall-clock time beside it. */
export interface Start {
  readonly layers: number;
  readonly nodes: number;
  readonly graph: number;
  readonly first: number;
  readonly firstWall: number;
  readonly cached: number;
}

const facts = { kind: 'images', examples: 4000, classes: 10, height: 28, width: 28, channels: 1 } as const;

/** Starts a DiT of several depths. */
export async function measureStarts(data: string): Promise<readonly Start[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'trainyard-starts-'));
  const outer = process.env[modelCacheVariable];
  process.env[modelCacheVariable] = path.join(folder, 'cache');
  try {
    const starts: Start[] = [];
    for (const layers of [6, 22, 52]) starts.push(await measureStart(folder, data, layers));
    return starts;
  } finally {
    if (outer === undefined) delete process.env[modelCacheVariable];
    else process.env[modelCacheVariable] = outer;
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureStart(folder: string, data: string, layers: number): Promise<Start> {
  const network = { kind: 'dit', patch: 4, width: 64, heads: 2, layers };
  const file = writeConfig(folder, { recipe: 'meanflow', network, batchSize: 4, device: 'cpu', data });
  const { recipe, config } = loadConfig(file, [], folder, recipes);
  const made = await timed(async () => {
    const { scan } = stepFor('cpu', recipe.build(config, facts), facts);
    return { scan, model: singleStepModel(scan, { ...modelOptions.cpu, hasNoResults: true }) };
  });
  const { scan, model } = made.value;
  const load = async () => (await ModelSession.create(model, { device: 'cpu', threads: 2 })).dispose();
  const first = await timed(load);
  const cached = await timed(load);
  const nodes = nodesBehind([...scan.state.map(({ next }) => next), ...Object.values(scan.perStep)]).length;
  return { layers, nodes, graph: made.cpu, first: first.cpu, firstWall: first.wall, cached: cached.cpu };
}

async function timed<T>(work: () => Promise<T>): Promise<{ value: T; cpu: number; wall: number }> {
  const [begin, before] = [performance.now(), process.cpuUsage()];
  const value = await work();
  const { user, system } = process.cpuUsage(before);
  return { value, cpu: (user + system) / 1e6, wall: (performance.now() - begin) / 1000 };
}
