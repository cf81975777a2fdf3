import { userWorkerPaths } from '../client/index.ts';

/** To be called before the trainer is loaded: ONNX Runtime then has the CUDA provider that the user installed. May replace the process by itself. */
export async function useInstalledCuda(): Promise<void> {
  const { useInstalledProvider } = await import('../trainer/devices/cuda/useProvider.ts');
  useInstalledProvider(userWorkerPaths().home);
}
