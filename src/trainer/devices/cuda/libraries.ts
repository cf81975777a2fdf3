import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { neededLibraries } from './elf.ts';
import { providerLibraries } from './release.ts';

type Environment = { readonly [name: string]: string | undefined };

/** The libraries of NVIDIA that a provider loads, and where each is. */
export interface CudaLibraries {
  /** Major version of CUDA that the provider was built for; undefined where its file does not tell. */
  readonly cuda: number | undefined;
  /** Path by name, such as `libcudnn.so.9`. */
  readonly found: ReadonlyMap<string, string>;
  readonly missing: readonly string[];
}

/**
 * What the provider in a folder needs, by its own list of libraries, and cuDNN with its helpers, which it loads when first needed; each looked for where
 * the loader, CUDA's installer, conda and pip put them.
 */
export function cudaLibraries(folder: string, env: Environment = process.env): CudaLibraries {
  const listed = neededLibraries(path.join(folder, providerLibraries[0]));
  const fromNvidia = listed.filter((name) => /^lib(cu|nv)/.test(name));
  const version = fromNvidia.map((name) => /^libcudart\.so\.(\d+)/.exec(name)?.[1]).find((each) => each !== undefined);
  const cuda = version === undefined ? undefined : Number(version);
  const names = [...new Set([...fromNvidia, ...loadedLater(cuda)])];
  const places = libraryFolders(env);
  const found = new Map<string, string>();
  for (const name of names) {
    const place = places.find((each) => existsSync(path.join(each, name)));
    if (place !== undefined) found.set(name, path.join(place, name));
  }
  return { cuda, found, missing: names.filter((name) => !found.has(name)) };
}

/** Folders that a process must search so that the provider finds its libraries; those of the system are searched anyway. Makes a folder of links for names that packages leave out. */
export function searchFolders(folder: string, { found }: CudaLibraries): readonly string[] {
  const folders = [...new Set([...found.values()].map((file) => path.dirname(file)))];
  const aliases = aliasFolder(folder, found);
  return [...aliases, ...folders.filter((each) => !systemFolders.includes(each))];
}

/** Sentences for what is missing, each with what to do. Empty where nothing is. */
export function describeMissing({ cuda, missing }: CudaLibraries): readonly string[] {
  const version = cuda ?? 12;
  const driver = missing.filter((name) => name.startsWith('libcuda.so'));
  const cudnn = missing.filter((name) => name.startsWith('libcudnn'));
  const runtime = missing.filter((name) => !driver.includes(name) && !cudnn.includes(name));
  const pip = [
    ...(runtime.length > 0 ? runtimePackages(version) : []),
    ...(cudnn.length > 0 ? [`nvidia-cudnn-cu${version}`] : []),
  ];
  return [
    ...(driver.length > 0
      ? [
          `The NVIDIA driver is missing (${driver.join(', ')}). On Debian and Ubuntu: sudo apt install nvidia-driver; on a cluster, start the run on a node with a GPU.`,
        ]
      : []),
    ...(runtime.length > 0 ? [`The CUDA ${version} runtime is missing (${runtime.join(', ')}).`] : []),
    ...(cudnn.length > 0 ? [`cuDNN 9 for CUDA ${version} is missing (${cudnn.join(', ')}).`] : []),
    ...(pip.length > 0
      ? [
          `One of these brings them: python3 -m pip install ${pip.join(' ')} (in the environment of your project; found by itself); conda install -c conda-forge ${condaPackages(version)}; sudo apt install cuda-libraries-${version}-* cudnn9-cuda-${version} (NVIDIA's repository); module load cuda/${version} cudnn (clusters). Libraries elsewhere are found through LD_LIBRARY_PATH or TRAINYARD_CUDA_LIBRARIES.`,
        ]
      : []),
  ];
}

/** cuDNN 9 belongs to both versions of CUDA; it compiles kernels with NVRTC when it has to. Versions of cuFFT: CUDA's release notes. */
function loadedLater(cuda: number | undefined): readonly string[] {
  const later = ['libcudnn.so.9'];
  if (cuda === 12) return [...later, 'libcufft.so.11', 'libnvrtc.so.12'];
  return cuda === 13 ? [...later, 'libcufft.so.12', 'libnvrtc.so.13'] : later;
}

/** Since CUDA 13 the packages have no version in their names (https://pypi.org/project/cuda-toolkit/). */
function runtimePackages(cuda: number): readonly string[] {
  const parts = ['cuda-runtime', 'cublas', 'cufft', 'curand', 'cuda-nvrtc'];
  return cuda >= 13
    ? parts.map((part) => `'nvidia-${part}==${cuda}.*'`)
    : parts.map((part) => `nvidia-${part}-cu${cuda}`);
}

function condaPackages(cuda: number): string {
  return `'cuda-version=${cuda}.*' cuda-cudart libcublas libcufft libcurand cuda-nvrtc cudnn`;
}

/** Searched by the loader without being told (ld.so(8)). */
const systemFolders = [
  '/lib/x86_64-linux-gnu',
  '/usr/lib/x86_64-linux-gnu',
  '/lib64',
  '/usr/lib64',
  '/lib',
  '/usr/lib',
];

/** Where libraries may lie, the places that a person named first. Only folders that are there. */
function libraryFolders(env: Environment): readonly string[] {
  const named = [env['TRAINYARD_CUDA_LIBRARIES'], env['LD_LIBRARY_PATH']].flatMap((list) => (list ?? '').split(':'));
  const toolkits = ['/usr/local', '/opt']
    .flatMap((parent) => matching(parent, /^cuda(-[\d.]+)?$/))
    .map((each) => path.join(each, 'lib64'));
  const prefixes = pythonPrefixes(env);
  const packages = prefixes.flatMap((prefix) =>
    matching(path.join(prefix, 'lib'), /^python3/).flatMap((python) =>
      ['site-packages', 'dist-packages'].map((each) => path.join(python, each, 'nvidia')),
    ),
  );
  const fromPip = packages.flatMap((nvidia) => matching(nvidia, /./).map((each) => path.join(each, 'lib')));
  const drivers = ['/usr/local/nvidia/lib64', '/usr/lib/wsl/lib'];
  const all = [
    ...named,
    ...(env['CUDA_HOME'] ? [path.join(env['CUDA_HOME'], 'lib64')] : []),
    ...prefixes.map((each) => path.join(each, 'lib')),
    ...fromPip,
    ...toolkits,
    ...systemFolders,
    ...drivers,
  ];
  return [...new Set(all)].filter((each) => each !== '' && existsSync(each));
}

/** Environments of Python: the active one, those in the working folder, those of every `python3` on the PATH, and the user's own packages. */
function pythonPrefixes(env: Environment): readonly string[] {
  const active = [env['VIRTUAL_ENV'], env['CONDA_PREFIX']].filter(
    (each) => each !== undefined && each !== '',
  ) as string[];
  const here = ['.venv', 'venv', 'env'].map((name) => path.join(process.cwd(), name));
  const onPath = (env['PATH'] ?? '').split(':').filter((folder) => existsSync(path.join(folder, 'python3')));
  return [
    ...active,
    ...here,
    ...onPath.map((folder) => path.dirname(folder)),
    path.join(os.homedir(), '.local'),
    '/usr/local',
  ];
}

function matching(parent: string, pattern: RegExp): readonly string[] {
  try {
    return readdirSync(parent)
      .filter((name) => pattern.test(name))
      .map((name) => path.join(parent, name));
  } catch {
    return [];
  }
}

/** pip's packages have `libcudnn.so.9` alone, and what loads cuDNN late may ask for `libcudnn.so`. */
function aliasFolder(folder: string, found: CudaLibraries['found']): readonly string[] {
  const cudnn = found.get('libcudnn.so.9');
  if (cudnn === undefined || existsSync(path.join(path.dirname(cudnn), 'libcudnn.so'))) return [];
  const aliases = path.join(folder, 'aliases');
  try {
    mkdirSync(aliases, { recursive: true, mode: 0o700 });
    rmSync(path.join(aliases, 'libcudnn.so'), { force: true });
    symlinkSync(cudnn, path.join(aliases, 'libcudnn.so'));
    return [aliases];
  } catch {
    // On a node that may only read the folder, what was linked before is still there.
    return existsSync(aliases) ? [aliases] : [];
  }
}
