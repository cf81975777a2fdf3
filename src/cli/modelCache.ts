import path from 'node:path';
import { userWorkerPaths } from '../client/index.ts';

/** To be called before the trainer runs: optimized models are then kept beside the worker's files, unless the variable names another folder or is empty. */
export async function useModelCache(): Promise<void> {
  const { modelCacheVariable } = await import('../trainer/engine/modelCache.ts');
  process.env[modelCacheVariable] ??= path.join(userWorkerPaths().home, 'models');
}
