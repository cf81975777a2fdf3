// What must be done before ONNX Runtime is loaded with its CUDA provider, and what is there.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { userWorkerPaths } from '../../src/client/index.ts';
import { planInstall, runInstall } from '../../src/trainer/devices/cuda/install.ts';
import { cudaLibraries } from '../../src/trainer/devices/cuda/libraries.ts';
import { providerLibraries } from '../../src/trainer/devices/cuda/release.ts';
import { findProvider, useProviderFolder } from '../../src/trainer/devices/cuda/useProvider.ts';

interface CudaFound {
  /** Why nothing can be tested. */
  readonly refusal?: string;
  readonly facts: Readonly<Record<string, string>>;
}

/**
 * Finds or installs the provider and makes this process use it, for which the process may be replaced by itself. `runtime` is a folder with binding, library and
 * provider, as the kit has it; `provider` a package or folder to install from.
 */
export async function prepareCuda(given: {
  readonly runtime?: string;
  readonly provider?: string;
}): Promise<CudaFound> {
  const gpu = smi('name,driver_version,memory.total');
  if (gpu === undefined)
    return { refusal: 'There is no NVIDIA GPU here that nvidia-smi sees, so nothing was tested.', facts: {} };
  const folder = given.runtime ?? (await installed(given.provider));
  if (!existsSync(path.join(folder, providerLibraries[0]))) {
    return { refusal: `There is no CUDA provider in ${folder}.`, facts: {} };
  }
  useProviderFolder(folder);
  const { cuda, found, missing } = cudaLibraries(folder);
  return {
    facts: {
      GPU: gpu,
      'CUDA provider': `${folder}, built for CUDA ${cuda}`,
      Libraries: [...found].map(([name, file]) => `${name} (${path.dirname(file)})`).join(', '),
      ...(missing.length === 0 ? {} : { Missing: missing.join(', ') }),
    },
  };
}

async function installed(provider: string | undefined): Promise<string> {
  const { home } = userWorkerPaths();
  const known = findProvider(home);
  if (known !== undefined && provider === undefined) return known;
  const request = {
    home,
    env: process.env,
    signal: AbortSignal.timeout(600_000),
    ...(provider === undefined ? {} : { from: provider }),
  };
  return runInstall(await planInstall(request), request, () => {});
}

function smi(fields: string): string | undefined {
  try {
    const args = [`--query-gpu=${fields}`, '--format=csv,noheader'];
    return execFileSync('nvidia-smi', args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 30_000,
    }).trim();
  } catch {
    return undefined;
  }
}
