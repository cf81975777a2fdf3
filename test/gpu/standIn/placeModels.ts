// Loads models on CUDA and lets ONNX Runtime say on the terminal where their nodes are; place.ts reads it.
import '../../../src/trainer/devices/cuda/binding.ts';
import { stepModel as benchModel, prepare } from '../../bench/engine/ours.ts';
import { subjects } from '../../bench/engine/subjects.ts';
import { evaluationModels, recipeSteps, residentStepModel, stepModel } from '../recipeSteps.ts';

/** Ahead of the title of each model. */
export const marker = '\n@@ ';

if (process.argv[2] === 'run') await placeAll();

async function placeAll(): Promise<void> {
  for (const recipeStep of recipeSteps('cuda')) {
    await place(recipeStep.title, stepModel(recipeStep, 'cuda'));
    if (!recipeStep.title.endsWith('fp32')) continue;
    await place(`${recipeStep.title}, data on the device`, residentStepModel(recipeStep, 'cuda'));
    for (const bytes of evaluationModels(recipeStep, 'cuda')) await place(`evaluation of ${recipeStep.title}`, bytes);
  }
  for (const subject of subjects) await place(`bench: ${subject.title}`, benchModel(prepare(subject), 2, 'cuda'));
  process.exit(0);
}

async function place(title: string, bytes: Uint8Array): Promise<void> {
  const { InferenceSession } = await import('onnxruntime-node');
  process.stderr.write(`${marker}${title}\n`);
  try {
    const options = { executionProviders: ['cuda'], graphOptimizationLevel: 'all', logSeverityLevel: 0 } as const;
    const session = await InferenceSession.create(bytes, { ...options, logVerbosityLevel: 1 });
    await session.release();
  } catch (error) {
    process.stderr.write(`\nrefused: ${(error as Error).message.split('\n')[0]}\n`);
  }
}
