import type { Handlers } from '../../protocol/rpc.ts';
import type { WorkerMethods } from '../../protocol/worker.ts';
import type { Client } from '../clients.ts';
import { type CudaLine, runInstallCuda } from '../cudaProvider.ts';
import type { WorkerServices } from '../services.ts';

/** The CUDA provider of ONNX Runtime, for a window. */
export function cudaHandlers(
  worker: WorkerServices,
  client: () => Client,
): Pick<Handlers<WorkerMethods>, 'cuda.plan' | 'cuda.install' | 'cuda.status'> {
  /** The last line of a kind that the command gave. */
  const ask = async <E extends CudaLine['event']>(
    event: E,
    args: readonly string[],
    options: {
      readonly proxy?: string | undefined;
      readonly signal: AbortSignal;
      readonly onLine?: (line: CudaLine) => void;
    },
  ): Promise<Extract<CudaLine, { event: E }> | undefined> => {
    let found: Extract<CudaLine, { event: E }> | undefined;
    const onLine = (line: CudaLine) => {
      if (line.event === event) found = line as Extract<CudaLine, { event: E }>;
      options.onLine?.(line);
    };
    await runInstallCuda(worker.options.installation, args, { proxy: options.proxy, signal: options.signal, onLine });
    return found;
  };
  return {
    'cuda.plan': async ({ from, proxy }, signal) => {
      const plan = await ask('plan', ['--plan', ...fromArguments(from)], { proxy, signal });
      return { text: plan?.text ?? '', isInstalled: plan?.isInstalled ?? false, size: plan?.size ?? null };
    },
    'cuda.install': async ({ from, proxy }, signal) => {
      const onLine = (line: CudaLine) => {
        if (line.event !== 'progress') return;
        const { phase, bytes, total } = line;
        client().notifier.notify('cuda.progress', { phase, bytes, total });
      };
      const status = await ask('status', ['--yes', ...fromArguments(from)], { proxy, signal, onLine });
      return { missing: status?.missing ?? [], text: status?.text ?? [] };
    },
    'cuda.status': async (_params, signal) => {
      const status = await ask('status', ['--check'], { signal });
      return {
        isInstalled: (status?.folder ?? null) !== null,
        missing: status?.missing ?? [],
        text: status?.text ?? [],
      };
    },
  };
}

function fromArguments(from: string | undefined): readonly string[] {
  return from === undefined ? [] : ['--from', from];
}
