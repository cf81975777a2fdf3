import type { DeviceName } from '../../domain/device.ts';

/** What a device cannot do without, by platform; undefined where a trial has to tell. */
export function platformRefusal(device: DeviceName, platform: NodeJS.Platform): string | undefined {
  if (device === 'dml' && platform !== 'win32') return 'DirectML exists only on Windows.';
  if (device === 'coreml' && platform !== 'darwin') return 'Core ML exists only on macOS.';
  if (device === 'cuda' && platform === 'darwin') return 'CUDA exists only on Linux and Windows.';
  return undefined;
}

interface Refusal {
  readonly pattern: RegExp;
  /** `found` is the matched part. */
  readonly say: (found: string) => string;
}

/**
 * What ONNX Runtime's messages mean, the most telling first: it tries several libraries, and only the first failure is the reason.
 * Most of it appears on stderr alone (notes on onnxruntime-node: the error that is thrown says just that a library failed to load).
 */
const refusals: readonly Refusal[] = [
  {
    pattern:
      /libonnxruntime_providers_(shared|cuda)\.so[^\n]*cannot open shared object file|onnxruntime_providers_(shared|cuda)\.dll/,
    say: () =>
      'The CUDA provider of ONNX Runtime is not installed (libonnxruntime_providers_cuda.so is missing). Run the command "Trainyard: Install CUDA Provider", or in a terminal: trainyard install-cuda.',
  },
  {
    pattern: /libonnxruntime_providers_(shared|cuda)\.so: (invalid ELF header|file too short)/,
    say: () => 'The CUDA provider of ONNX Runtime is damaged. Install it again: trainyard install-cuda.',
  },
  {
    pattern: /libcudnn[\w.]*/,
    say: (library) =>
      `cuDNN 9 is not installed (${library} is missing). "trainyard install-cuda --check" says how to get it; libraries elsewhere are found through LD_LIBRARY_PATH.`,
  },
  {
    pattern: /libcuda\.so[\w.]*/,
    say: (library) => `The NVIDIA driver is not installed (${library} is missing).`,
  },
  {
    pattern: /lib(cublasLt|cublas|cudart|cufft|curand|nvrtc|nvJitLink)\.so[\w.]*/,
    say: (library) =>
      `The CUDA${/\.so(\.1[23])/.exec(library)?.[1]?.replace('.', ' ') ?? ''} libraries are not installed (${library} is missing). "trainyard install-cuda --check" says how to get them; libraries elsewhere are found through LD_LIBRARY_PATH.`,
  },
  {
    pattern: /no CUDA-capable device|CUDA failure 100\b/,
    say: () => 'There is no NVIDIA GPU here that CUDA can use.',
  },
  {
    pattern: /driver version is insufficient|CUDA failure 35\b/,
    say: () => 'The NVIDIA driver is too old for the CUDA version of the provider. Install a newer one.',
  },
  {
    pattern: /CUDA failure 2\b|out of memory/i,
    say: () => 'The memory of the GPU is full. Stop what else uses it.',
  },
  {
    pattern: /No supported adapters|Failed to get a WebGPU adapter/,
    say: () => 'No graphics adapter that WebGPU can use was found. Install the Vulkan driver of the GPU.',
  },
  {
    pattern: /backend not found|not supported in this build|execution provider is not enabled/i,
    say: () => 'The installed onnxruntime-node was built without this device.',
  },
];

/** The reason in plain words, from all that ONNX Runtime said on the way. */
export function explainRefusal(device: DeviceName, said: string): string {
  // A line that names a library also names the provider that asked for it, so the part behind "error:" is looked at first.
  const parts = [...said.matchAll(/with error: ([^\n]*)/g)].map((match) => match[1]!);
  for (const text of [...parts, said]) {
    for (const { pattern, say } of refusals) {
      const found = pattern.exec(text);
      if (found !== null) return say(found[0]);
    }
  }
  const last = said
    .split('\n')
    .map(withoutColours)
    .filter((line) => line.trim() !== '')
    .at(-1);
  return last === undefined ? `${device} failed without saying why.` : `${device} failed: ${last.trim()}`;
}

function withoutColours(line: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminal colours begin with the escape character
  return line.replace(/\x1b\[[\d;]*m/g, '');
}
