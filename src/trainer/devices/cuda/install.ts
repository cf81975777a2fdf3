import { mkdirSync, rmSync, statfsSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '../../../base/errors.ts';
import { hasNvidiaCard, noNvidiaCard } from '../nvidiaCard.ts';
import { download } from './download.ts';
import { findPackage, nugetIndex } from './nuget.ts';
import { installedProvider, placeProvider } from './providerFolder.ts';
import { refuseOtherRelease } from './providerVersion.ts';
import {
  bindingFiles,
  type CudaRelease,
  cudaRelease,
  providerFolder,
  providerLibraries,
  roughSizes,
} from './release.ts';
import { unpackLibraries } from './unpack.ts';

/** What an installation is made with. */
export interface InstallRequest {
  /** Trainyard's own folder. */
  readonly home: string;
  /** A .nupkg, .whl or folder that is here already; undefined: from the feed. */
  readonly from?: string;
  readonly env: { readonly [name: string]: string | undefined };
  readonly signal: AbortSignal;
}

/** What an installation would do, for the person who is asked. */
export interface InstallPlan {
  readonly release: CudaRelease;
  /** The address or path of the package. */
  readonly source: string;
  readonly isFetched: boolean;
  /** Bytes to fetch; undefined where the feed does not tell. */
  readonly size: number | undefined;
  readonly sha512: string | undefined;
  readonly folder: string;
  /** A provider of this version is there already, and would be replaced. */
  readonly isInstalled: boolean;
}

/** How far an installation is. */
export interface InstallProgress {
  readonly phase: 'download' | 'unpack';
  readonly bytes: number;
  readonly total: number | undefined;
}

/** Looks at what there is to be had, and whether there is room for it. Throws AppErrors with the next move; nothing is written. */
export async function planInstall({ home, from, env, signal }: InstallRequest): Promise<InstallPlan> {
  const release = cudaRelease();
  const plain = {
    release,
    folder: providerFolder(home, release.version),
    isInstalled: installedProvider(home, release) !== undefined,
  };
  if (from !== undefined) {
    return { ...plain, source: path.resolve(from), isFetched: false, size: undefined, sha512: undefined };
  }
  const index = env['TRAINYARD_NUGET'] || nugetIndex;
  const found = await findPackage(index, release.package, release.version, { env, signal }).catch((error: unknown) => {
    throw signal.aborted ? new AppError('cancelled', 'Nothing was installed.') : feedError(index, error);
  });
  const plan = { ...plain, source: found.address, isFetched: true, size: found.size, sha512: found.sha512 };
  refuseFullDisk(home, (found.size ?? roughSizes.package) + roughSizes.unpacked);
  return plan;
}

/** Does it, and gives the folder. A cut download is taken up again by the next call; a provider that was there stays until the new one is whole. */
export async function runInstall(
  plan: InstallPlan,
  { home, env, signal }: InstallRequest,
  onProgress: (progress: InstallProgress) => void,
  pauseMs?: number,
): Promise<string> {
  const { release, size, sha512, source } = plan;
  let file = source;
  let found = '';
  const downloads = path.join(home, 'downloads');
  if (plan.isFetched) {
    refuseFullDisk(home, (size ?? roughSizes.package) + roughSizes.unpacked);
    file = path.join(downloads, `${release.package.toLowerCase()}.${release.version}.nupkg`);
    const onBytes = (bytes: number, total: number | undefined) => onProgress({ phase: 'download', bytes, total });
    const pause = pauseMs === undefined ? {} : { pauseMs };
    found = await download({ address: source, file, size, sha512, signal, env, onProgress: onBytes, ...pause });
  }
  onProgress({ phase: 'unpack', bytes: 0, total: undefined });
  try {
    const fill = async (folder: string) => {
      await unpackLibraries(file, folder, release.version, signal);
      if (plan.isFetched) return;
      const [provider, runtime] = [
        path.join(folder, providerLibraries[0]),
        path.join(release.binaries, bindingFiles[1]),
      ];
      refuseOtherRelease(provider, runtime, source);
    };
    return await placeProvider(home, release, { source, sha512: found }, fill);
  } finally {
    if (plan.isFetched) rmSync(downloads, { recursive: true, force: true });
  }
}

/** What would be put into the folder, in words. */
export function describePlan({ release, source, isFetched, size, folder, isInstalled }: InstallPlan): string {
  const amount = size === undefined ? 'some 200 MB' : `${Math.round(size / 1e6)} MB`;
  const what = isFetched ? `Fetches ${amount} from ${source}` : `Takes the libraries from ${source}`;
  const names = [...bindingFiles].join(' and ');
  const replaces = isInstalled ? ' It replaces the one that is there.' : '';
  const whose = isFetched
    ? ` (${release.package} ${release.version}, Microsoft's, MIT license)`
    : ` for version ${release.version}`;
  const card = hasNvidiaCard() ? '' : `\n\n${noNvidiaCard} The provider is of no use without one.`;
  return `${what}${whose} and puts ONNX Runtime's CUDA provider with copies of ${names} into ${folder}, about ${Math.round(roughSizes.unpacked / 1e6)} MB.${replaces}${card}`;
}

function refuseFullDisk(home: string, bytes: number): void {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const { bavail, bsize } = statfsSync(home);
  const free = bavail * bsize;
  if (free >= bytes) return;
  const needed = `${(bytes / 1e9).toFixed(1)} GB`;
  throw new AppError(
    'disk-full',
    `The CUDA provider needs ${needed} at ${home}, where ${(free / 1e9).toFixed(1)} GB are free.`,
    {
      hint: 'Make room, or set TRAINYARD_HOME to a folder on another disk.',
    },
  );
}

function feedError(index: string, error: unknown): unknown {
  if (error instanceof AppError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new AppError('unreachable', `The package feed ${index} cannot be reached: ${why}.`, {
    hint: 'Set HTTPS_PROXY where this network has a proxy; or fetch the package on another machine and give its path: trainyard install-cuda --from FILE.nupkg.',
    cause: error,
  });
}
